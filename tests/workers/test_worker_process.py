"""A whole worker while its servers are killed, flushed and paused under it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ulid import ULID

from app.bus.redis_streams import RedisStreams
from app.bus.repository import MessageLog
from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.job_runs import JobRuns
from app.core.jobs import Job, JobQueue
from app.core.mongo import MongoConnection
from app.core.outbox import Outbox
from app.core.poke import Poke
from app.core.redis import connect
from tests.servers import Servers, running_servers
from tests.workers.orders import says, unsaid
from tests.workers.recorder import Recorder
from workers.consumer import Subscriptions
from workers.sweeps import Sweep
from workers.worker import Parts, WorkerProcess

STREAM = "orders"
PATIENT = 60.0
pytestmark = pytest.mark.process


@dataclass
class House:
    servers: Servers
    mongo: MongoConnection
    queue: JobQueue
    worker: WorkerProcess
    recorder: Recorder
    running: asyncio.Task[None]
    ran: list[str] = field(default_factory=list)
    swept: list[float] = field(default_factory=list)
    slow: asyncio.Event = field(default_factory=asyncio.Event)

    async def works(self) -> None:
        """A new message and a new job both arrive."""
        said = await says(self.mongo.database, STREAM, 3)
        subject = new_id("dlv")
        await self.queue.enqueue("note", subject)
        await eventually(lambda: set(said) <= set(self.recorder.seen))
        await eventually(lambda: subject in self.ran)
        assert not self.running.done()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENT):
        while not holds():  # noqa: ASYNC110 — what is waited for has no event to offer.
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
async def own_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    directory: Path = tmp_path_factory.mktemp("killed")
    async with running_servers(directory) as servers:
        yield servers


@pytest.fixture
async def house(own_servers: Servers) -> AsyncIterator[House]:
    mongo = MongoConnection(own_servers.mongod.url, f"test_{ULID()}".lower(), timeout_ms=2000)
    house = await open_house(own_servers, mongo)
    yield house
    house.worker.stop.set()
    await asyncio.wait_for(house.running, PATIENT)
    await mongo.close()


async def open_house(servers: Servers, mongo: MongoConnection) -> House:
    clock, redis = SystemClock(), connect(servers.redis.url)
    queue, messages = JobQueue(mongo.database, clock, Poke(redis)), MessageLog(mongo.database, clock)
    outbox = Outbox(mongo.database["orders"])
    for room in (queue, messages, outbox):
        await room.prepare()
    recorder, ran, swept, slow = Recorder(), list[str](), list[float](), asyncio.Event()

    async def note(subject: str) -> None:
        ran.append(subject)

    async def take_long(subject: str) -> None:
        ran.append(subject)
        await slow.wait()

    async def sweep() -> None:
        swept.append(asyncio.get_running_loop().time())
        raise RuntimeError("a sweep that fails")

    async def tell(job: Job) -> None:
        return

    worker = WorkerProcess(
        Parts(
            redis_url=servers.redis.url,
            clock=clock,
            bus=RedisStreams(connect(servers.redis.url, timeout_ms=3000)),
            messages=messages,
            outboxes=[outbox],
            subscriptions=Subscriptions((recorder.subscription("recorder", STREAM),)),
            queue=queue,
            runs=JobRuns(mongo.database, clock),
            handlers={"note": note, "take_long": take_long},
            tell=tell,
            sweeps=[Sweep("failing", 0.1, sweep)],
            max_jobs=2,
            drain_seconds=0.5,
        )
    )
    running = asyncio.create_task(worker.run())
    return House(servers, mongo, queue, worker, recorder, running, ran, swept, slow)


async def test_messages_and_jobs_arrive_and_a_failing_sweep_goes_on(house: House) -> None:
    await house.works()
    await eventually(lambda: len(house.swept) > 3)
    assert await unsaid(house.mongo.database) == 0


async def test_redis_flushed_again_and_again(house: House) -> None:
    redis = connect(house.servers.redis.url)
    for _ in range(5):
        await redis.flushall()
        await house.works()
    await redis.aclose()


async def test_redis_killed_and_back(house: House) -> None:
    await house.works()
    await house.servers.redis.child.kill()
    subjects = [new_id("dlv") for _ in range(5)]
    for subject in subjects:
        await house.queue.enqueue("note", subject)
    await eventually(lambda: set(subjects) <= set(house.ran))  # Jobs run without Redis.
    said = await says(house.mongo.database, STREAM, 2)
    await asyncio.sleep(1)
    await house.servers.redis.child.start()
    await eventually(lambda: set(said) <= set(house.recorder.seen))
    for _ in range(3):  # More than ARQ has places, were any lost.
        await house.works()


async def test_redis_paused(house: House) -> None:
    await house.works()
    house.servers.redis.child.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(6)
        assert not house.running.done()
    finally:
        house.servers.redis.child.send(signal.SIGCONT)
    await house.works()


async def test_mongod_killed_and_back(house: House) -> None:
    await house.works()
    await house.servers.mongod.child.kill()
    await asyncio.sleep(3)
    assert not house.running.done()
    await house.servers.mongod.child.start()
    await house.works()


async def test_paused_jobs_wait_and_resume(house: House) -> None:
    await house.queue.pause()
    await asyncio.sleep(1)
    subject = new_id("dlv")
    await house.queue.enqueue("note", subject)
    await asyncio.sleep(1.5)
    assert subject not in house.ran
    await house.queue.resume()
    await eventually(lambda: subject in house.ran)


async def test_a_stopping_worker_gives_its_job_back(house: House) -> None:
    subject = new_id("dlv")
    await house.queue.enqueue("take_long", subject)
    await eventually(lambda: subject in house.ran)
    house.worker.stop.set()
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(house.running), PATIENT)
    assert house.running.done()
    [job] = await house.queue.listed()
    assert (job.status, job.tries) == ("queued", 0)
