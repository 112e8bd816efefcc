"""Fixed windows counted in Redis: one script, one round trip, one key that dies by itself.

Names must hold no personal data: hash what names a person. A Redis that is away raises RedisAway, which
answers 503; a caller that would rather stay open catches it.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.core.errors import Problem, RateLimited
from app.core.redis import Client, RedisAway, RedisError, Script, is_away

_COUNT = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Where a caller stands. ``reset`` is in seconds."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class LimitReached(RateLimited):
    def __init__(self, window: Window) -> None:
        super().__init__(retry_after=window.reset)
        self.headers = window.headers


@contextmanager
def shown(window: Window) -> Iterator[None]:
    """What is refused inside tells how many attempts are left, as success does."""
    try:
        yield
    except Problem as problem:
        problem.headers |= window.headers
        raise


class RateLimiter:
    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._count = Script(redis, _COUNT)

    async def hit(self, name: str, limit: int, seconds: int) -> Window:
        """Counts one attempt; the first past ``limit`` raises RateLimited."""
        window = await self.tally(name, limit, seconds)
        if window.exceeded:
            raise LimitReached(window)
        return window

    async def tally(self, name: str, limit: int, seconds: int) -> Window:
        """Counts one attempt and leaves it to the caller what too many of them mean."""
        count, left = await _answer(self._count([f"limit:{name}"], [seconds * 1000]))
        return Window(
            limit=limit,
            remaining=max(0, limit - int(count)),
            reset=max(1, math.ceil(int(left) / 1000)),
            exceeded=int(count) > limit,
        )

    async def check(self, name: str, limit: int) -> None:
        """Counts nothing. Raises RateLimited where ``limit`` is used up."""
        key = f"limit:{name}"
        if int(await _answer(self._redis.get(key)) or 0) >= limit:
            left = int(await _answer(self._redis.pttl(key)))
            raise LimitReached(Window(limit, 0, max(1, math.ceil(left / 1000)), exceeded=True))

    async def forget(self, name: str) -> None:
        """The window starts anew with the next attempt."""
        await _answer(self._redis.delete(f"limit:{name}"))


async def _answer(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except (RedisError, OSError) as error:
        if is_away(error):
            raise RedisAway from error
        raise
