"""Loops that survive what they call, and stop when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from workers.metrics import LOOP_ERRORS

PAUSE_AFTER_ERROR = 0.5
LOG_EVERY = 60
"""A dependency that is away for long is not worth a line every half second."""

log = structlog.get_logger("worker")


class Stop:
    """Set once; every loop looks at it between two rounds."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()

    async def sleep(self, seconds: float) -> None:
        """Returns early when it is time to stop."""
        await self.either(asyncio.Event(), seconds)

    async def either(self, other: asyncio.Event, seconds: float) -> None:
        """Waits for ``other``, the stop or the time, whichever comes first."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._event, other)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def wait(self) -> None:
        await self._event.wait()


async def forever(name: str, round_: Callable[[], Awaitable[None]], stop: Stop) -> None:
    """Runs rounds until stopped. An error ends the round, never the loop."""
    failures = 0
    while not stop:
        try:
            await round_()
            failures = 0
        except Exception as error:
            failures += 1
            LOOP_ERRORS.labels(name).inc()
            if failures % LOG_EVERY == 1:
                log.warning("loop_error", loop=name, error=type(error).__name__, n=failures, exc_info=error)
            await stop.sleep(PAUSE_AFTER_ERROR)
