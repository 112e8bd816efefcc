"""Turns due job records into ARQ jobs, on a poke or on its poll. With Redis away it runs them itself.

ARQ's queue may lose anything: a record that was offered and not claimed is offered again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from app.core.job_runs import JobRuns
from app.core.jobs import JobQueue
from app.core.redis import is_away
from workers.loops import Stop
from workers.runner import Runner

BATCH = 100
POLL_SECONDS = 0.5
AT_ONCE_WITHOUT_REDIS = 10

Offer = Callable[[str, int], Awaitable[None]]
"""Gives a job to ARQ. Raises what Redis raises."""

log = structlog.get_logger("feeder")


class Feeder:
    def __init__(
        self,
        queue: JobQueue,
        runs: JobRuns,
        runner: Runner,
        offer: Offer,
        pick: Callable[[bool], None],
        stop: Stop,
        poked: asyncio.Event,
    ) -> None:
        """``pick`` is told before each batch whether ARQ may start jobs at all (they may be paused)."""
        self._queue = queue
        self._runs = runs
        self._runner = runner
        self._offer = offer
        self._pick = pick
        self._stop = stop
        self._poked = poked

    async def round(self) -> None:
        self._poked.clear()
        paused = await self._queue.paused()
        self._pick(not paused and not self._stop)
        due = [] if paused else await self._runs.offer(BATCH)
        if due:
            await self._feed(due)
        if len(due) < BATCH:
            await self._stop.either(self._poked, POLL_SECONDS)

    async def _feed(self, due: list[tuple[str, int]]) -> None:
        try:
            await asyncio.gather(*(self._offer(job, n) for job, n in due))
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("running_without_redis", jobs=len(due))
            await self._run_here([job for job, _ in due])

    async def _run_here(self, jobs: list[str]) -> None:
        gate = asyncio.Semaphore(AT_ONCE_WITHOUT_REDIS)

        async def run(job: str) -> None:
            async with gate:
                if not self._stop:
                    await self._runner.run(job)

        await asyncio.gather(*map(run, jobs))
