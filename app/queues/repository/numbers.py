"""The next number of a line's day, in Redis: fast, shared, and allowed to be wrong.

All keys of a service share one hash tag. Names of windows must be hashed where they name a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from app.core.redis import Breaker, Client, Script

WINDOW_MS = 60_000
KEPT_MS = 3 * 24 * 3600 * 1000
"""Longer than any local day lasts; then the counter goes, as the day's numbers are all given."""


@dataclass(frozen=True, slots=True)
class Window:
    """Whose joins of a minute are counted by the same script."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Limited:
    retry_after: float


class Numbers:
    def __init__(self, redis: Client, breaker: Breaker) -> None:
        self._breaker = breaker
        self._propose = Script(redis, _source("propose"))
        self._give_back = Script(redis, _source("give_back"))

    async def propose(
        self, service_id: str, day: str, *, floor: int = 0, window: Window | None = None
    ) -> int | Limited:
        """A number above ``floor`` that nobody was proposed before. Raises RedisAway."""
        name, limit = (window.name, window.limit) if window else ("", 0)
        keys = [_counter(service_id, day), f"line:{{{service_id}}}:joins:{name}"]
        kind, value = await self._breaker.call(
            lambda: self._propose(keys, [floor, KEPT_MS, limit, WINDOW_MS])
        )
        return Limited(int(value) / 1000) if kind == "limited" else int(value)

    async def give_back(self, service_id: str, day: str, number: int) -> None:
        """Nobody joined with it: the next one gets it, if they come soon enough. Raises RedisAway."""
        await self._breaker.call(lambda: self._give_back([_counter(service_id, day)], [number]))


def _counter(service_id: str, day: str) -> str:
    return f"line:{{{service_id}}}:number:{day}"


def _source(name: str) -> str:
    return (files("app.queues.repository") / "lua" / f"{name}.lua").read_text()
