"""A background task that misses a cancellation is ended all the same."""

from __future__ import annotations

import asyncio

import pytest

from app.core.tasks import end


async def deaf(times: int) -> None:
    """Loses this many cancellations, as a driver does that has its answer in that very moment."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if times == 0:
                raise
            times -= 1


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_cancels_until_it_is_over(times: int) -> None:
    task = asyncio.create_task(deaf(times))
    await asyncio.sleep(0)
    await asyncio.wait_for(end(task), timeout=60)
    assert task.cancelled()


async def test_what_has_ended_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await end(task)
    assert not task.cancelled()
