"""Background tasks: ending one for sure."""

from __future__ import annotations

import asyncio

_PATIENCE_SECONDS = 0.2


async def end(task: asyncio.Task[None]) -> None:
    """Cancels until it is over. One cancellation may be lost: a driver that has its answer in that very
    moment returns it instead, and a loop would go on for ever."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_PATIENCE_SECONDS)
