"""Runs one job record: claims it, keeps the claim alive, calls the handler, writes down how it ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from app.core.clock import Clock
from app.core.errors import Transient
from app.core.job_runs import JobRuns, Run
from app.core.jobs import Job
from app.core.mongo import is_unavailable
from app.core.redis import is_away
from workers.metrics import JOBS

RENEW_SECONDS = 2.0
BACKOFF_SECONDS = 1.0
BACKOFF_MAX_SECONDS = 300.0

Handler = Callable[[str], Awaitable[object]]
"""Gets the subject's id. Must bear to be called again, and beside itself."""
Tell = Callable[[Job], Awaitable[None]]

log = structlog.get_logger("jobs")


class Runner:
    def __init__(
        self,
        runs: JobRuns,
        handlers: Mapping[str, Handler],
        clock: Clock,
        tell: Tell,
        *,
        timeout_seconds: float,
        tries: int,
    ) -> None:
        """``tell`` is told of every job whose state changed."""
        self._runs = runs
        self._handlers = handlers
        self._clock = clock
        self._tell = tell
        self._timeout = timeout_seconds
        self._tries = tries

    async def run(self, id: str) -> None:
        """Does nothing when somebody else has the job or it is not due."""
        run = await self._runs.claim(id)
        if run is None:
            return
        alive = asyncio.create_task(self._keep_alive(run))
        try:
            outcome, after = await self._attempt(run)
        except asyncio.CancelledError:
            await asyncio.shield(self._runs.give_back(run))
            raise
        finally:
            alive.cancel()
        JOBS.labels(run.job.name, outcome).inc()
        if after is not None:
            await self._say(after)

    async def _say(self, job: Job) -> None:
        """What became of a job does not depend on who hears of it."""
        try:
            await self._tell(job)
        except Exception as error:
            log.warning("job_not_told", id=job.id, error=type(error).__name__)

    async def _attempt(self, run: Run) -> tuple[str, Job | None]:
        try:
            async with asyncio.timeout(self._timeout):
                await self._handlers[run.job.name](run.job.subject)
        except Exception as error:
            return await self._ended_badly(run, error)
        return "done", await self._runs.done(run)

    async def _ended_badly(self, run: Run, error: Exception) -> tuple[str, Job | None]:
        kind = type(error).__name__
        about = {"job": run.job.name, "id": run.job.id, "tries": run.job.tries, "error": kind}
        if not _worth_repeating(error):
            log.error("job_failed", exc_info=error, **about)
            return "failed", await self._runs.fail(run, kind)
        if run.job.tries >= self._tries:
            log.error("job_dead", exc_info=error, **about)
            return "dead", await self._runs.bury(run, kind)
        log.info("job_again", **about)
        return "again", await self._runs.again(run, self._clock.now() + _backoff(run.job.tries), kind)

    async def _keep_alive(self, run: Run) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._runs.renew(run)
            except Exception as error:
                log.warning("job_lease_not_renewed", id=run.job.id, error=type(error).__name__)


def _worth_repeating(error: Exception) -> bool:
    return isinstance(error, Transient | TimeoutError) or is_unavailable(error) or is_away(error)


def _backoff(tries: int) -> timedelta:
    """Doubles, with jitter, so that what failed together does not come back together."""
    seconds = min(BACKOFF_SECONDS * 2 ** (tries - 1), BACKOFF_MAX_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))
