"""Whether what we depend on answers, and whether its clock agrees with ours."""

from __future__ import annotations

from datetime import timedelta

from app.core.clock import SystemClock
from app.core.mongo import MongoConnection
from app.core.redis import Client

MAX_SKEW = timedelta(seconds=1)


class Health:
    def __init__(self, mongo: MongoConnection, redis: Client, clock: SystemClock) -> None:
        self._mongo = mongo
        self._redis = redis
        self._clock = clock

    async def mongodb(self) -> None:
        """Asks a server that takes writes; measures the clock in passing. Raises when it is away."""
        await self._mongo.measure_clock(self._clock)

    async def redis(self) -> None:
        await self._redis.ping()

    def clock_agrees(self) -> bool:
        return abs(self._clock.offset) <= MAX_SKEW
