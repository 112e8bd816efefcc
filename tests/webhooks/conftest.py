from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.clock import SystemClock
from app.core.jobs import JobQueue
from app.core.mongo import Database
from app.core.poke import Poke
from app.core.redis import connect
from app.webhooks.repository import DeliveryRepository
from app.webhooks.service import Inbox
from tests.webhooks.fake_provider import FakeProvider, Settlements


@pytest.fixture
def settlements() -> Settlements:
    return Settlements()


@pytest.fixture
async def queue(database: Database, redis_url: str) -> AsyncIterator[JobQueue]:
    redis = connect(redis_url)
    queue = JobQueue(database, SystemClock(), Poke(redis))
    await queue.prepare()
    yield queue
    await redis.aclose()


@pytest.fixture
async def inbox(database: Database, queue: JobQueue, settlements: Settlements) -> Inbox:
    clock = SystemClock()
    deliveries = DeliveryRepository(database, clock)
    await deliveries.prepare()
    return Inbox(deliveries, {"fake": FakeProvider()}, settlements.by_ref, queue, clock)
