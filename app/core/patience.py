"""Time-outs that blame the other side only for what it did.

A loop that was busy for longer than a time-out finds it expired in the same round in which it finds the
answer, and the time-out wins; opening a connection takes several such rounds. So time runs here in steps,
and a round of the loop uses up one of them, however long it took: we may be slow exactly when everybody
wants something, and whoever we ask is not to blame then.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

_STEPS = 20
_SECOND_LOOK_SECONDS = 0.005


class Patience:
    """As ``asyncio.timeout``: raises TimeoutError after ``seconds`` of a loop that was there to listen."""

    def __init__(self, seconds: float) -> None:
        self._step = seconds / _STEPS
        self._left = _STEPS
        self._limit = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._next = self._loop.call_later(self._step, self._tick)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._next.cancel()
        await self._limit.__aexit__(kind, error, traceback)

    def _tick(self) -> None:
        self._left -= 1
        if self._left:
            self._next = self._loop.call_later(self._step, self._tick)
        else:
            self._limit.reschedule(self._loop.time() + _SECOND_LOOK_SECONDS)
