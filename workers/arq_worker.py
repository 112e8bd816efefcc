"""ARQ, made to outlive Redis. Nothing else in the house knows ARQ.

ARQ's own worker ends with the first Redis error, and loses count of its free places when one strikes
while it starts a job. Both are caught here, around one poll.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import structlog
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from app.core.tasks import end
from workers.loops import Stop
from workers.runner import Runner

QUEUE = "usher:arq"
FUNCTION = "run_job"
POLL_SECONDS = 0.25
REDIS_SECONDS = 2.0
_AWAY = (RedisError, OSError, TimeoutError)

log = structlog.get_logger("arq")


def arq_redis(url: str) -> ArqRedis:
    """Bounded waits; bytes, because ARQ decodes for itself."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=50,
        timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )
    return ArqRedis(
        pool,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
        default_queue_name=QUEUE,
        expires_extra_ms=60_000,
    )


class ArqWorker:
    """Takes offered jobs from the queue and runs their records."""

    def __init__(
        self, redis: ArqRedis, runner: Runner, *, max_jobs: int, timeout_seconds: float, drain_seconds: float
    ) -> None:
        """``timeout_seconds`` is for a runner that hangs: the runner's own must come first."""
        self._redis = redis
        self._runner = runner
        self._drain_seconds = drain_seconds
        self._worker = _Guarded(
            functions=[func(self._run_job, name=FUNCTION)],
            redis_pool=redis,
            queue_name=QUEUE,
            handle_signals=False,
            max_jobs=max_jobs,
            job_timeout=timeout_seconds,
            keep_result=0,
            max_tries=1,
            poll_delay=POLL_SECONDS,
            health_check_interval=30,
            job_serializer=orjson.dumps,
            job_deserializer=orjson.loads,
            log_results=False,
        )

    async def offer(self, job_id: str, n: int) -> None:
        """The number makes a new ARQ job of each offer: a lost one blocks its ARQ id for a while."""
        await self._redis.enqueue_job(FUNCTION, job_id, _job_id=f"{job_id}:{n}")

    def pick(self, allowed: bool) -> None:
        self._worker.allow_pick_jobs = allowed

    async def run(self, stop: Stop) -> None:
        running = asyncio.create_task(self._polling(stop))
        await stop.wait()
        await self._drain()
        await end(running)

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _polling(self, stop: Stop) -> None:
        """Starts ARQ's main loop anew whenever Redis was away at its beginning."""
        while not stop:
            try:
                await self._worker.main()
            except _AWAY as error:
                log.warning("arq_waits_for_redis", error=type(error).__name__)
                await stop.sleep(1.0)

    async def _drain(self) -> None:
        self.pick(False)
        jobs = list(self._worker.tasks.values())
        if not jobs:
            return
        _, late = await asyncio.wait(jobs, timeout=self._drain_seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=5)

    async def _run_job(self, ctx: dict[Any, Any], job_id: str) -> None:
        await self._runner.run(job_id)


class _Guarded(Worker):
    async def _poll_iteration(self) -> None:
        try:
            await super()._poll_iteration()
        except _AWAY as error:
            log.warning("arq_poll_failed", error=type(error).__name__)
            await asyncio.sleep(
                0.5
            )  # Also lets finished jobs give their places back before they are counted.
            self._recount()

    def _recount(self) -> None:
        """Gives back the place of a job that was about to start when the error struck."""
        working = sum(not task.done() for task in self.tasks.values())
        while self.job_counter > working:
            self._release_sem_dec_counter_on_complete()
