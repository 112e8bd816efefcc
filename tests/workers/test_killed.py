"""kill -9 of a worker that holds every lease and a job: all it held is free within ten seconds, and another
goes on. What it held is measured; how fast this machine starts a worker is not."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from ulid import ULID

from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.jobs import JobQueue, job_id
from app.core.mongo import Database, MongoConnection
from app.core.poke import Poke
from app.core.redis import connect
from app.embedded.child import Child
from tests.servers import Servers
from tests.workers.orders import says, unsaid

pytestmark = pytest.mark.process
SOON = timedelta(seconds=10)
PROGRAM = Path(__file__).with_name("slow_worker.py")


@asynccontextmanager
async def worker(servers: Servers, database: str, seconds: float) -> AsyncIterator[Child]:
    """A job of it takes so many seconds."""
    arguments = [servers.mongod.url, database, servers.redis.url, str(seconds)]
    child = Child(
        "worker", [sys.executable, str(PROGRAM), *arguments], environment={"PYTHONPATH": os.getcwd()}
    )
    await child.start()
    try:
        yield child
    finally:
        await child.kill()


async def status(database: Database, id: str) -> str | None:
    document = await database["jobs"].find_one({"_id": id})
    return document["status"] if document else None


async def test_another_worker_goes_on_with_what_is_free_within_ten_seconds(servers: Servers) -> None:
    name = f"test_{ULID()}".lower()
    mongo, redis = MongoConnection(servers.mongod.url, name), connect(servers.redis.url)
    database, subject = mongo.database, new_id("dlv")
    queue, job = JobQueue(database, SystemClock(), Poke(redis)), job_id("slow", subject)
    async with worker(servers, name, 60) as first:
        await queue.enqueue("slow", subject)
        async with asyncio.timeout(60):
            while await status(database, job) != "running":  # noqa: ASYNC110 — another process does it.
                await asyncio.sleep(0.1)
        await first.kill()
        assert 0 < await redis.pttl("usher:lease:relay") <= SOON.total_seconds() * 1000
        held = await database["jobs"].find_one({"_id": job})
        assert held is not None
        assert held["lease"] <= SystemClock().now() + SOON
        await says(database, "orders", 3)
    async with worker(servers, name, 0), asyncio.timeout(60):
        while await status(database, job) != "done" or await unsaid(database):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await database.client.drop_database(name)
    await redis.aclose()
    await mongo.close()
