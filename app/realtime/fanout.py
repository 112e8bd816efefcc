"""Emits travel between processes through Redis pub/sub; this is the library's manager, made patient.

Its own waits up to a minute before it listens again after Redis was away, and for ever for a Redis that
does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from socketio import AsyncRedisManager

from app.core.tasks import end
from app.realtime import packing

CHANNEL = "usher:live"
PUBLISH_SECONDS = 1.0
LISTEN_AGAIN_SECONDS = 1.0

log = structlog.get_logger("realtime")


class FanOut(AsyncRedisManager):  # type: ignore[misc]
    def __init__(self, redis_url: str, *, write_only: bool = False) -> None:
        """``write_only`` is for processes that emit but serve no sockets."""
        super().__init__(redis_url, channel=CHANNEL, write_only=write_only, json=packing)

    async def aclose(self) -> None:
        listening: asyncio.Task[None] | None = getattr(self, "thread", None)
        if listening is not None:
            await end(listening)
        await self._let_go()

    async def _let_go(self) -> None:
        self.connected = False
        if self.redis is not None:
            await self.redis.aclose()

    def _redis_connect(self) -> None:
        """No time-out here: the listener waits for news as long as it takes."""
        self.redis = Redis.from_url(
            self.redis_url, socket_keepalive=True, socket_connect_timeout=PUBLISH_SECONDS
        )
        self.pubsub = self.redis.pubsub(ignore_subscribe_messages=True)
        self.connected = True

    async def _publish(self, data: Any) -> None:
        """Lost while Redis is away; the room's seq tells clients so."""
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                if not self.connected:
                    self._redis_connect()
                await self.redis.publish(self.channel, packing.dumps(data))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("emit_lost", error=type(error).__name__)

    async def _redis_listen_with_retries(self) -> AsyncIterator[Any]:
        while True:
            try:
                self._redis_connect()
                await self.pubsub.subscribe(self.channel)
                async for message in self.pubsub.listen():
                    yield message
            except (RedisError, OSError) as error:
                log.warning("deaf", error=type(error).__name__)
            await self._let_go()
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)
