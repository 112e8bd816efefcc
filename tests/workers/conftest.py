"""Workers on real servers: one database per test, one Redis for all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.bus.repository import MessageLog
from app.core.clock import SystemClock
from app.core.job_runs import JobRuns
from app.core.jobs import JobQueue
from app.core.mongo import Database
from app.core.outbox import Outbox
from app.core.poke import Poke
from app.core.redis import Client, connect


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url, timeout_ms=3000)
    yield client
    await client.aclose()


@pytest.fixture
async def messages(database: Database, clock: SystemClock) -> MessageLog:
    log = MessageLog(database, clock)
    await log.prepare()
    return log


@pytest.fixture
async def outbox(database: Database) -> Outbox:
    outbox = Outbox(database["orders"])
    await outbox.prepare()
    return outbox


@pytest.fixture
async def queue(database: Database, clock: SystemClock, redis: Client) -> JobQueue:
    queue = JobQueue(database, clock, Poke(redis))
    await queue.prepare()
    return queue


@pytest.fixture
def runs(database: Database, clock: SystemClock) -> JobRuns:
    return JobRuns(database, clock)
