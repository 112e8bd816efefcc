"""Wakes a worker before its next poll. Best effort: a poke that is lost costs a fraction of a second."""

from __future__ import annotations

import asyncio
from typing import Literal

import structlog

from app.core.redis import Client, RedisError, is_away

CHANNEL = "usher:poke"
Topic = Literal["relay", "jobs"]

log = structlog.get_logger("poke")


class Poke:
    """Called as often as one likes: at most one message per topic goes out in every ``seconds``."""

    def __init__(self, redis: Client, *, seconds: float = 0.05) -> None:
        self._redis = redis
        self._seconds = seconds
        self._wanted: set[Topic] = set()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, topic: Topic) -> None:
        """Returns at once and never raises; the sending happens beside the caller."""
        self._wanted.add(topic)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send())

    async def aclose(self) -> None:
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1)

    async def _send(self) -> None:
        while self._wanted:
            topics, self._wanted = self._wanted, set()
            for topic in topics:
                await self._publish(topic)
            await asyncio.sleep(self._seconds)

    async def _publish(self, topic: Topic) -> None:
        try:
            await self._redis.publish(CHANNEL, topic)
        except (RedisError, OSError) as error:
            log.debug("poke_lost", topic=topic, away=is_away(error))
