"""Listens for pokes. Hearing none is no harm: every loop polls as well."""

from __future__ import annotations

import asyncio

from app.core.poke import CHANNEL
from app.core.redis import Client

LISTEN_SECONDS = 0.5


class Poked:
    """An event per topic, set when somebody poked."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self.relay = asyncio.Event()
        self.jobs = asyncio.Event()

    async def round(self) -> None:
        """Listens for a while. Raises when Redis is away; the loop around it tries again."""
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            for _ in range(120):
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=LISTEN_SECONDS)
                if message is not None:
                    self._wake(str(message["data"]))

    def _wake(self, topic: str) -> None:
        if topic == "relay":
            self.relay.set()
        elif topic == "jobs":
            self.jobs.set()
