from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.core.errors import NotFound
from app.queues.figures import Accuracy, Promised, Spread, accuracy, rate, spread
from app.queues.models import Promise, Service, Status
from app.queues.service.statistics import DayFigures
from tests.queues.serving.desk import LIMITED, STAFF, Desk, utc

DAY = "2026-10-25"
"""In Vienna this day has 25 hours: the one from two to three comes twice."""
NIGHT = utc("2026-10-25T00:00:00")
"""Two in the morning there, for the first time."""


async def test_a_day_in_numbers(desk: Desk) -> None:
    line = await desk.line()
    for minutes in (2, 4, 6, 8, 30):
        await ended(desk, line, "completed", waited=minutes, served=minutes / 2, told=(4, 10))
    await ended(desk, line, "no_show", waited=10)
    await ended(desk, line, "cancelled")
    figures = await of(desk, line)
    assert (figures.joined, figures.completed, figures.no_shows, figures.cancelled) == (7, 5, 1, 1)
    assert (figures.no_show_rate, figures.abandonment_rate) == (0.1667, 0.1429)
    assert figures.wait == Spread(6, 10.0, 7.0, 30.0)
    assert figures.service_time == Spread(5, 5.0, 3.0, 15.0)
    assert figures.forecast == Accuracy(5, 6.8, 6.0, 0.8)


async def test_who_went_home_at_night_did_not_give_up(desk: Desk) -> None:
    line = await desk.line()
    await ended(desk, line, "cancelled", cause="day_ended")
    assert (await of(desk, line)).cancelled == 0


async def test_the_hour_that_comes_twice_is_two(desk: Desk) -> None:
    line = await desk.line()
    for later in (0, 1, 1, 2):
        await ended(desk, line, "completed", waited=5, served=1, at=NIGHT + timedelta(hours=later))
    hours = [hour for hour in (await of(desk, line)).hours if hour.completed]
    assert [(hour.begins, hour.completed) for hour in hours] == [
        (NIGHT, 1),
        (NIGHT + timedelta(hours=1), 2),
        (NIGHT + timedelta(hours=2), 1),
    ]
    assert hours[1].wait == Spread(2, 5.0, 5.0, 5.0)


async def test_a_day_ends_at_the_line_s_midnight(desk: Desk) -> None:
    line = await desk.line()
    midnight = utc("2026-10-25T23:00:00")
    await ended(desk, line, "completed", waited=1, served=1, at=midnight - timedelta(milliseconds=1))
    await ended(desk, line, "completed", waited=1, served=1, at=midnight)
    assert (await of(desk, line)).completed == 1
    next_day = await desk.counters.statistics.of_day(line.id, STAFF, date(2026, 10, 26))
    assert next_day.completed == 1


async def test_today_is_what_nobody_names(desk: Desk) -> None:
    line = await desk.line(timezone="Asia/Kolkata")
    await desk.people(line, 3)
    await desk.next(line)
    figures = await desk.counters.statistics.of_day(line.id, STAFF, None)
    assert figures.live == {"waiting": 2, "called": 1, "serving": 0, "away": 0}
    assert figures.joined == 3
    assert figures.wait == Spread(0)
    assert figures.forecast == Accuracy(0)
    assert (figures.no_show_rate, figures.abandonment_rate) == (None, None)


async def test_of_a_line_they_do_not_oversee_they_see_nothing(desk: Desk) -> None:
    line = await desk.line()
    for service_id, by in ((line.id, LIMITED), ("svc_none", STAFF)):
        with pytest.raises(NotFound):
            await desk.counters.statistics.of_day(service_id, by, None)


def test_figures_of_few() -> None:
    assert spread([]) == Spread(0)
    assert spread([60.0]) == Spread(1, 1.0, 1.0, 1.0)
    assert spread([0.0, 60.0, 120.0, 180.0]).median_minutes == 1.5
    ten = [60.0 * n for n in range(1, 11)]
    assert spread(ten).p90_minutes == 9.0
    assert accuracy([Promised(600.0, 300.0, 600.0)]) == Accuracy(1, 5.0, 5.0, 1.0)
    assert rate(0, 0) is None


async def of(desk: Desk, line: Service) -> DayFigures:
    return await desk.counters.statistics.of_day(line.id, STAFF, date.fromisoformat(DAY))


async def ended(
    desk: Desk,
    line: Service,
    status: Status,
    *,
    waited: float | None = None,
    served: float | None = None,
    told: tuple[float, float] | None = None,
    at: Any = NIGHT,
    cause: str = "",
) -> None:
    """Minutes. Somebody whose part in the line was over at ``at``."""
    started = at - timedelta(minutes=served or 0)
    called = started if waited is not None else None
    joined = started - timedelta(minutes=waited or 0)
    await desk.person(
        line,
        status=status,
        day=DAY,
        joined_at=joined,
        created_at=joined,
        called_at=called,
        started_at=started if served is not None else None,
        ended_at=at,
        forecast=Promise(told[0] * 60, told[1] * 60, 1, joined) if told else None,
        history=({"at": at, "from": "waiting", "to": status, "cause": cause or status, "by": "x"},),
    )
