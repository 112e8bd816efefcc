"""Forecasts of a line, from what it looked like a second ago at most: two reads, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.core.clock import Clock
from app.core.memo import Memo
from app.queues.eta import Curve, Line, Pace, Wait, curve
from app.queues.models import Service
from app.queues.repository.pace import PaceReads
from app.queues.stays import Visit, elapsed_of, pace_of

SECONDS = 1.0
KEPT_VISITS = 200_000
"""In memory, of all lines together."""
ENDED_READ = 200
"""Enough for the half-lives in ``eta.TUNED``; the replay has as many."""


@dataclass(slots=True)
class _Seen:
    """``curves``: by what the service says of itself, made when first asked for, good for its length."""

    ended: Sequence[Visit]
    present: Sequence[Visit]
    curves: dict[tuple[int, float], tuple[int, Curve]] = field(default_factory=dict)


class Forecasting:
    def __init__(self, reads: PaceReads, clock: Clock, seconds: float = SECONDS) -> None:
        self._reads = reads
        self._clock = clock
        self._memo: Memo[_Seen] = Memo(
            self._read,
            seconds=seconds,
            spacing=seconds,
            max_weight=KEPT_VISITS,
            weigh=lambda seen: len(seen.ended) + len(seen.present) + 1,
        )

    async def line(self, service: Service) -> Line:
        return self._line(service, await self._seen(service))

    async def waits(self, service: Service, aheads: Sequence[int]) -> list[Wait]:
        """For so many people ahead each."""
        drawn = self._curve(service, await self._seen(service), max(aheads, default=0))
        return [drawn.at(ahead) for ahead in aheads]

    async def _seen(self, service: Service) -> _Seen:
        return self._memo.peek(service.id) or await self._memo.get(service.id)

    async def _read(self, service_id: str) -> _Seen:
        ended, present = await asyncio.gather(
            self._reads.ended(service_id, ENDED_READ), self._reads.present(service_id)
        )
        return _Seen(ended, present)

    def _curve(self, service: Service, seen: _Seen, furthest: int) -> Curve:
        key = service.counters, service.average_minutes
        length, drawn = seen.curves.get(key, (-1, None))
        if drawn is None or length < furthest:
            length = 2 * furthest + 4  # A line that grows is not drawn anew for each who joins.
            drawn = curve(self._line(service, seen), length)
            seen.curves[key] = length, drawn
        return drawn

    def _line(self, service: Service, seen: _Seen) -> Line:
        pace: Pace = pace_of([*seen.ended, *seen.present], service.average_minutes)
        return Line(service.counters, elapsed_of(seen.present, self._clock.now()), pace)
