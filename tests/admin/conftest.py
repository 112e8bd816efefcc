from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.admin.routes import router
from app.admin.service import BackOffice
from app.core.clock import FixedClock, SystemClock
from app.core.jobs import JobQueue
from app.core.mongo import Database
from app.core.poke import Poke
from app.core.redis import Client, connect
from app.webhooks.repository import DeliveryRepository
from app.webhooks.service import Inbox
from tests.accounts.house import House
from tests.webhooks.fake_provider import FakeProvider, Settlements


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def queue(database: Database, redis: Client) -> JobQueue:
    queue = JobQueue(database, SystemClock(), Poke(redis))
    await queue.prepare()
    return queue


@pytest.fixture
async def inbox(database: Database, queue: JobQueue) -> Inbox:
    deliveries = DeliveryRepository(database, SystemClock())
    await deliveries.prepare()
    return Inbox(deliveries, {"fake": FakeProvider()}, Settlements().by_ref, queue, SystemClock())


@pytest.fixture
async def house(database: Database, redis: Client, queue: JobQueue, inbox: Inbox) -> AsyncIterator[House]:
    house = House(database, redis, clock=FixedClock(datetime.now(UTC)))
    await house.prepare()
    house.app.include_router(router, prefix="/api/v1")
    office = BackOffice(queue, inbox, house.keys)
    house.app.state.provided |= {JobQueue: queue, Inbox: inbox, BackOffice: office}
    yield house
    house.stop()
