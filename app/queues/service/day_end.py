"""At the end of a line's day those who still wait go home, unless the line keeps them over night.

A day whose opening hours pass midnight ends when they do.
"""

from __future__ import annotations

from app.core.clock import Clock
from app.queues.business_day import business_day, is_still_yesterday
from app.queues.models import Service
from app.queues.repository.day_end import PastDays
from app.queues.repository.services import Services


class DayEnd:
    def __init__(self, services: Services, past: PastDays, clock: Clock, batch: int) -> None:
        self._services = services
        self._past = past
        self._clock = clock
        self._batch = batch

    async def sweep(self) -> int:
        """Looks at every line: a day may end anywhere, and an undone no-show may come back to a past one."""
        return sum([await self.end(service) async for service in self._services.every()])

    async def end(self, service: Service) -> int:
        now, zone = self._clock.now(), service.timezone
        if service.carry_over or is_still_yesterday(service.opening_hours, zone, now):
            return 0
        today, ended = business_day(now, zone), 0
        while True:
            found = await self._past.end(service.id, today, self._batch)
            ended += found
            if found < self._batch:
                return ended
