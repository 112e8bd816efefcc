"""A worker program whose only job takes as long as it is told. Run by test_killed."""

from __future__ import annotations

import asyncio
import signal
import sys

from app.bus.redis_streams import RedisStreams
from app.bus.repository import MessageLog
from app.core.clock import SystemClock
from app.core.job_runs import JobRuns
from app.core.jobs import Job, JobQueue
from app.core.mongo import MongoConnection
from app.core.outbox import Outbox
from app.core.poke import Poke
from app.core.redis import connect
from workers.consumer import Subscriptions
from workers.worker import Parts, WorkerProcess


async def main(mongo_url: str, name: str, redis_url: str, seconds: float) -> None:
    clock, database = SystemClock(), MongoConnection(mongo_url, name).database
    queue = JobQueue(database, clock, Poke(connect(redis_url)))
    messages, outbox = MessageLog(database, clock), Outbox(database["orders"])
    for room in (queue, messages, outbox):
        await room.prepare()

    async def slow(subject: str) -> None:
        await asyncio.sleep(seconds)

    async def tell(job: Job) -> None:
        return

    worker = WorkerProcess(
        Parts(
            redis_url=redis_url,
            clock=clock,
            bus=RedisStreams(connect(redis_url, timeout_ms=3000)),
            messages=messages,
            outboxes=[outbox],
            subscriptions=Subscriptions(),
            queue=queue,
            runs=JobRuns(database, clock),
            handlers={"slow": slow},
            tell=tell,
            sweeps=[],
        )
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop.set)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
