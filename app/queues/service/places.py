"""The places of a line's capacity: each live token has one of them, and an index keeps them apart.

Which ones are taken is remembered for a second. Nobody is told that the line is full from memory.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from app.core.memo import Memo

SECONDS = 1.0
SPACING = 0.2
"""Between two looks at a full line, however many ask."""


class _Taken:
    def __init__(self, live: int, places: set[int]) -> None:
        self._live = live
        self._places = places

    def take(self, capacity: int) -> int | None:
        """Some free place, from now on not free for others here."""
        free = [place for place in range(capacity) if place not in self._places]
        if not free or self._live >= capacity:
            return None
        place = random.choice(free)
        self._live += 1
        self._places.add(place)
        return place

    def strike(self, place: int) -> None:
        self._places.add(place)


class Places:
    def __init__(
        self, read: Callable[[str], Awaitable[tuple[int, set[int]]]], seconds: float = SECONDS
    ) -> None:
        self._read = read
        self._memo: Memo[_Taken] = Memo(self._look, seconds=seconds, max_weight=10_000, spacing=SPACING)

    async def choose(self, service_id: str, capacity: int) -> int | None:
        """A place to ask the index for; None when the database says that all are taken."""
        remembered = self._memo.peek(service_id)
        if remembered is not None and (place := remembered.take(capacity)) is not None:
            return place
        self._memo.forget(service_id)
        return (await self._memo.get(service_id)).take(capacity)

    def strike(self, service_id: str, place: int) -> None:
        """The index said that this one is taken."""
        if taken := self._memo.peek(service_id):
            taken.strike(place)

    async def _look(self, service_id: str) -> _Taken:
        return _Taken(*await self._read(service_id))
