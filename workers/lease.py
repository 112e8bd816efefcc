"""Who does it just now, so that several workers do not all do the same. An optimisation only.

Nothing relies on a lease: it may be lost, doubled or skipped, and with Redis away everybody holds it.
What must happen once is decided by conditional writes in MongoDB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.redis import LET_GO, Client, RedisError, Script

_HOLD = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
return 0
"""


class Leases:
    """All leases of one worker, under the worker's own name."""

    def __init__(self, redis: Client, worker: str) -> None:
        self._worker = worker
        self._hold = Script(redis, _HOLD)
        self._let_go = Script(redis, LET_GO)
        self._held: set[str] = set()

    async def held(self, name: str, seconds: float) -> bool:
        """Takes or prolongs the lease. True also when nobody can say."""
        try:
            answer = await self._hold([_key(name)], [self._worker, int(seconds * 1000)])
        except (RedisError, OSError):
            return True
        if answer:
            self._held.add(name)
        return bool(answer)

    @asynccontextmanager
    async def kept(self, name: str, seconds: float) -> AsyncIterator[None]:
        """Prolongs a lease held already for as long as the work under it takes."""
        keeping = asyncio.create_task(self._keep(name, seconds))
        try:
            yield
        finally:
            keeping.cancel()

    async def _keep(self, name: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds / 3)
            await self.held(name, seconds)

    async def let_go(self) -> None:
        """On a clean stop the next worker need not wait for leases to run out."""
        for name in self._held:
            try:
                await self._let_go([_key(name)], [self._worker])
            except (RedisError, OSError):
                return


def _key(name: str) -> str:
    return f"usher:lease:{name}"
