"""Values kept in this process: each built once at a time, kept for a while, forgotten on request.

Whoever asks after ``forget`` gets a value whose building began after it, so a process reads its own
writes. ``spacing`` bounds how often that makes us build: those who ask too soon wait together.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

V = TypeVar("V")


class Memo(Generic[V]):
    def __init__(
        self,
        build: Callable[[str], Awaitable[V]],
        *,
        seconds: float,
        max_weight: int,
        weigh: Callable[[V], int] = lambda value: 1,
        spacing: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._build = build
        self._seconds = seconds
        self._spacing = spacing
        self._max_weight = max_weight
        self._weigh = weigh
        self._monotonic = monotonic
        self._weight = 0
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._waiting: dict[str, asyncio.Task[V]] = {}
        self._building: dict[str, asyncio.Task[V]] = {}
        self._begun: OrderedDict[str, float] = OrderedDict()

    def peek(self, key: str) -> V | None:
        kept = self._kept.get(key)
        if kept is None or self._monotonic() - kept[0] >= self._seconds:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    async def get(self, key: str) -> V:
        if (value := self.peek(key)) is not None:
            return value
        task = self._waiting.get(key) or self._building.get(key)
        if task is None:
            task = asyncio.create_task(self._make(key))
            task.add_done_callback(_look)
            self._waiting[key] = task
        return await asyncio.shield(task)  # One who hangs up must not take the others' answer away.

    def forget(self, key: str) -> None:
        self._building.pop(key, None)
        if kept := self._kept.pop(key, None):
            self._weight -= self._weigh(kept[1])

    async def _make(self, key: str) -> V:
        task = self._waiting[key]
        try:
            await self._take_turn(key)
        finally:
            del self._waiting[key]
        self._building[key] = task
        begun = self._monotonic()
        try:
            value = await self._build(key)
            if self._building.get(key) is task:
                self._keep(key, begun, value)
            return value
        finally:
            if self._building.get(key) is task:
                del self._building[key]

    async def _take_turn(self, key: str) -> None:
        if not self._spacing:
            return
        wait = self._begun.get(key, -self._spacing) + self._spacing - self._monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        self._begun[key] = self._monotonic()
        self._begun.move_to_end(key)
        if len(self._begun) > 10_000:
            self._begun.popitem(last=False)

    def _keep(self, key: str, begun: float, value: V) -> None:
        """Counted from when the building began: what it read is as old as that."""
        self.forget(key)
        self._kept[key] = (begun, value)
        self._weight += self._weigh(value)
        while self._weight > self._max_weight and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._weight -= self._weigh(oldest)


def _look(task: asyncio.Task[V]) -> None:
    """Everybody who waited may have hung up; the failure was theirs to see, not the loop's."""
    if not task.cancelled():
        task.exception()
