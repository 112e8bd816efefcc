"""Connections, the clock and the keys: what is opened first and closed last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pymongo import monitoring

from app.core.clock import SystemClock
from app.core.mongo import MongoConnection
from app.core.redis import Client, connect
from app.core.security import KeyRing
from app.settings import Settings

PATIENT_MS = 2000


class Prepares(Protocol):
    """A repository, which makes its indexes."""

    async def prepare(self) -> None: ...


@dataclass
class Engines:
    settings: Settings
    mongo: MongoConnection
    redis: Client
    """For work a buyer does not wait on."""
    bus_redis: Client
    """For streams, whose readers block for seconds."""
    fast_redis: Client
    """For scripts on the booking's path: gives up after ``redis_timeout_ms``."""
    clock: SystemClock
    ring: KeyRing

    @classmethod
    def connect(cls, settings: Settings, listeners: Sequence[monitoring.CommandListener] = ()) -> Engines:
        mongo = MongoConnection(
            settings.mongo.mongodb_url,
            settings.mongo.mongodb_database,
            driver=settings.mongo.mongo_driver,
            timeout_ms=settings.mongo.mongo_timeout_ms,
            max_pool=settings.mongo.mongo_max_pool,
            listeners=listeners,
        )
        url = settings.redis.redis_url
        return cls(
            settings=settings,
            mongo=mongo,
            redis=connect(url, timeout_ms=PATIENT_MS),
            bus_redis=connect(url, timeout_ms=PATIENT_MS),
            fast_redis=connect(
                url,
                timeout_ms=settings.redis.redis_timeout_ms,
                max_connections=settings.runtime.max_in_flight,
            ),
            clock=SystemClock(),
            ring=KeyRing(settings.security.secret_keys.get_secret_value()),
        )

    async def close(self) -> None:
        await self.redis.aclose()
        await self.bus_redis.aclose()
        await self.fast_redis.aclose()
        await self.mongo.close()
