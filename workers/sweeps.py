"""Sweeps: what is done every so often, described as data (``workers/jobs/``) and guarded here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from workers.lease import Leases
from workers.loops import LOG_EVERY, Stop
from workers.metrics import SWEEP_SECONDS, SWEEPS

log = structlog.get_logger("sweeps")


@dataclass(frozen=True, slots=True)
class Sweep:
    """``run`` must bear to be run by several workers at once: each of its steps is a conditional write."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[Any]]


class SweepLoop:
    def __init__(self, sweep: Sweep, leases: Leases, stop: Stop) -> None:
        self._sweep = sweep
        self._leases = leases
        self._stop = stop
        self._failures = 0

    async def round(self) -> None:
        started = time.monotonic()
        lease, seconds = f"sweep:{self._sweep.name}", self._lease_seconds
        if await self._leases.held(lease, seconds):
            async with self._leases.kept(lease, seconds):
                await self._run(started)
        await self._stop.sleep(max(0.0, started + self._sweep.seconds - time.monotonic()))

    @property
    def _lease_seconds(self) -> float:
        """Outlives a missed round or two; short enough that a dead worker's sweep goes on soon."""
        return min(2 * self._sweep.seconds + 2, self._sweep.seconds + 5)

    async def _run(self, started: float) -> None:
        try:
            await self._sweep.run()
        except Exception as error:
            self._failed(error)
        else:
            self._failures = 0
            SWEEPS.labels(self._sweep.name, "done").inc()
        SWEEP_SECONDS.labels(self._sweep.name).observe(time.monotonic() - started)

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        SWEEPS.labels(self._sweep.name, "failed").inc()
        if self._failures % LOG_EVERY == 1:
            kind, n = type(error).__name__, self._failures
            log.error("sweep_failed", sweep=self._sweep.name, error=kind, n=n, exc_info=error)
