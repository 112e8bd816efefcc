"""A day of a line for its staff: how long people waited and were served, who did not come, who gave up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.accounts.models import Caller
from app.core.clock import Clock
from app.core.errors import NotFound
from app.queues.business_day import business_day, day_begins
from app.queues.figures import Accuracy, Hour, Spread, accuracy, rate, spread
from app.queues.repository.figures import Ended, FigureReads
from app.queues.repository.services import Services


@dataclass(frozen=True, slots=True)
class DayFigures:
    """``joined`` that day; the rest is of those who ended that day, and ``live`` is of now.

    No-shows are held against all who were called to the end, and those who gave up against all who ended.
    """

    service_id: str
    day: str
    as_of: datetime
    live: Mapping[str, int]
    joined: int
    completed: int
    no_shows: int
    no_show_rate: float | None
    cancelled: int
    abandonment_rate: float | None
    wait: Spread
    service_time: Spread
    forecast: Accuracy
    hours: tuple[Hour, ...]


class Statistics:
    def __init__(self, services: Services, figures: FigureReads, clock: Clock) -> None:
        self._services = services
        self._figures = figures
        self._clock = clock

    async def of_day(self, service_id: str, caller: Caller, day: date | None) -> DayFigures:
        """Today by the line's clock, unless told otherwise."""
        service = await self._services.find(service_id)
        if service is None or not caller.oversees_service(service_id):
            raise NotFound
        now, zone = self._clock.now(), service.timezone
        name = day.isoformat() if day else business_day(now, zone)
        after = (date.fromisoformat(name) + timedelta(days=1)).isoformat()
        joined, ended, live = await asyncio.gather(
            self._figures.joined(service_id, name, zone),
            self._figures.ended(service_id, day_begins(name, zone), day_begins(after, zone), zone),
            self._figures.live(service_id),
        )
        return _figures(service_id, name, now, live, joined, ended)


def _figures(
    service_id: str,
    day: str,
    now: datetime,
    live: Mapping[str, int],
    joined: Mapping[datetime, int],
    ended: Sequence[Ended],
) -> DayFigures:
    completed, no_shows, cancelled = (_count(ended, how) for how in ("completed", "no_show", "cancelled"))
    hours = sorted({*joined, *(one.hour for one in ended)})
    return DayFigures(
        service_id=service_id,
        day=day,
        as_of=now,
        live={status: live.get(status, 0) for status in ("waiting", "called", "serving", "away")},
        joined=sum(joined.values()),
        completed=completed,
        no_shows=no_shows,
        no_show_rate=rate(no_shows, completed + no_shows),
        cancelled=cancelled,
        abandonment_rate=rate(cancelled, completed + no_shows + cancelled),
        wait=_waits(ended),
        service_time=spread([seconds for one in ended for seconds in one.served]),
        forecast=accuracy([promise for one in ended for promise in one.promised]),
        hours=tuple(_hour(hour, joined, [one for one in ended if one.hour == hour]) for hour in hours),
    )


def _hour(begins: datetime, joined: Mapping[datetime, int], ended: Sequence[Ended]) -> Hour:
    return Hour(
        begins=begins,
        joined=joined.get(begins, 0),
        completed=_count(ended, "completed"),
        no_shows=_count(ended, "no_show"),
        cancelled=_count(ended, "cancelled"),
        wait=_waits(ended),
    )


def _count(ended: Sequence[Ended], status: str) -> int:
    return sum(one.count for one in ended if one.status == status)


def _waits(ended: Sequence[Ended]) -> Spread:
    return spread([seconds for one in ended for seconds in one.waits])
