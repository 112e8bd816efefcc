"""A line's numbers, read at most once a second by each process, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from app.core.clock import Clock
from app.core.memo import Memo
from app.queues.business_day import business_day, day_begins
from app.queues.eta import Wait
from app.queues.line import LineNumbers, knots
from app.queues.models import Service, Token
from app.queues.repository.line import LineReads
from app.queues.service.directory import SECONDS, Directory

Waits = Callable[[Service, Sequence[int]], Awaitable[list[Wait]]]
"""Forecasts for so many people ahead (``Forecasting.waits``)."""
MAX_PEOPLE = 1_000_000
"""Kept in memory, of all lines together."""


class _Kept:
    """Numbers that somebody who joined through this process has been added to since they were read."""

    def __init__(self, numbers: LineNumbers) -> None:
        self.numbers = numbers


class Reading:
    def __init__(
        self, reads: LineReads, directory: Directory, waits: Waits, clock: Clock, seconds: float = SECONDS
    ) -> None:
        self._reads = reads
        self._directory = directory
        self._waits = waits
        self._clock = clock
        self._memo: Memo[_Kept] = Memo(
            self._read, seconds=seconds, max_weight=MAX_PEOPLE, weigh=lambda kept: 100 + kept.numbers.waiting
        )

    async def numbers(self, service: Service) -> LineNumbers:
        """As they were a second ago at most."""
        kept = self._memo.peek(service.id) or await self._memo.get(service.id)
        return kept.numbers

    async def wait(self, service: Service, ahead: int) -> Wait:
        return (await self.waits(service, [ahead]))[0]

    async def waits(self, service: Service, aheads: Sequence[int]) -> list[Wait]:
        return await self._waits(service, aheads)

    def joined(self, token: Token) -> None:
        """Whoever asks next sees them too, without another look into the database."""
        if kept := self._memo.peek(token.service_id):
            kept.numbers = kept.numbers.joined(token.order)

    def forget(self, service_id: str) -> None:
        """This process reads its own writes."""
        self._memo.forget(service_id)

    async def _read(self, service_id: str) -> _Kept:
        service = await self._directory.get(service_id)
        now = self._clock.now()
        begun = day_begins(business_day(now, service.timezone), service.timezone)
        order, at_counters, (served, average) = await asyncio.gather(
            self._reads.waiting(service_id),
            self._reads.at_counters(service_id),
            self._reads.served_since(service_id, begun),
        )
        aheads = [*knots(len(order)), len(order)]
        *waits, wait = await self._waits(service, aheads)
        told = tuple(zip(aheads[:-1], waits, strict=True))
        return _Kept(LineNumbers(now, order, at_counters, served, average, told, wait))
