"""At most so often per key, over all workers together, and the last news is never left out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.core.errors import Transient
from app.core.mongo import is_unavailable
from app.core.redis import Client, is_away

LOOK_SECONDS = 0.05
AWAY_SECONDS = 0.5

log = structlog.get_logger("realtime")


class Throttle:
    def __init__(
        self, redis: Client, send: Callable[[str], Awaitable[None]], *, name: str, seconds: float
    ) -> None:
        """``send`` reads what it sends when it is called, so that the last call tells the last state."""
        self._redis = redis
        self._send = send
        self._name = name
        self._milliseconds = int(seconds * 1000)
        self._dirty: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def touch(self, key: str) -> None:
        """Something about ``key`` changed. Returns at once."""
        self._dirty.add(key)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def aclose(self) -> None:
        """Gives what is still to be told a moment to get out."""
        if self._task is None:
            return
        await asyncio.wait([self._task], timeout=2 * self._milliseconds / 1000)
        self._task.cancel()

    async def _work(self) -> None:
        while self._dirty:
            for key in list(self._dirty):
                await self._try(key)
            await asyncio.sleep(LOOK_SECONDS)

    async def _try(self, key: str) -> None:
        try:
            turn = await self._redis.set(
                f"usher:live:{{{key}}}:{self._name}", 1, nx=True, px=self._milliseconds
            )
            if not turn:
                return
            self._dirty.discard(key)
            await self._send(key)
        except Exception as error:
            if is_away(error) or is_unavailable(error) or isinstance(error, Transient):
                self._dirty.add(key)
                await asyncio.sleep(AWAY_SECONDS)
                return
            log.warning("not_told", what=self._name, error=type(error).__name__, exc_info=error)
