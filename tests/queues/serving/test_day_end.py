from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import FixedClock
from app.queues.models import LIVE, LIVE_FIELDS, OpeningHours, Status, Token
from app.queues.repository.day_end import PastDays
from app.queues.service.day_end import DayEnd
from tests.queues.serving.desk import EMAIL, Desk, utc

YESTERDAY = "2020-02-29"


async def test_who_still_waits_when_the_day_is_over_goes_home(desk: Desk) -> None:
    line = await desk.line()
    left = [await desk.person(line, status=status, day=YESTERDAY) for status in ("waiting", "away", "called")]
    served = await desk.person(line, status="serving", day=YESTERDAY)
    today = await desk.person(line)
    assert await desk.counters.day_end.end(line) == len(left)
    for token in left:
        ended = await desk.read(token)
        assert (ended.status, ended.version) == ("cancelled", token.version + 1)
        assert ended.ended_at is not None
        entry = ended.history[-1]
        assert (entry["from"], entry["to"], entry["cause"]) == (token.status, "cancelled", "day_ended")
        assert not set(LIVE_FIELDS) & set(await desk.raw(token.id))
        ((kind, data),) = await desk.told(ended)
        assert (kind, data["cause"], data["number"]) == ("token.cancelled", "day_ended", token.number)
    assert await desk.read(served) == served
    assert await desk.read(today) == today
    assert await desk.counters.day_end.end(line) == 0


async def test_a_line_that_carries_over_keeps_them(desk: Desk) -> None:
    line = await desk.line(carry_over=True)
    token = await desk.person(line, day=YESTERDAY)
    assert await desk.counters.day_end.end(line) == 0
    assert await desk.read(token) == token


async def test_a_night_s_line_goes_on_past_midnight_until_it_closes(desk: Desk) -> None:
    line = await desk.line(timezone="UTC", opening_hours=(OpeningHours(4, "22:00", "03:00"),))
    token = await desk.person(line, day="2026-07-03")

    async def ended(at: str) -> int:
        return await DayEnd(desk.services, PastDays(desk.database), FixedClock(utc(at)), 10).end(line)

    assert await ended("2026-07-04T00:00") == 0
    assert await ended("2026-07-04T02:59") == 0
    assert await desk.read(token) == token
    assert await ended("2026-07-04T03:00") == 1


async def test_the_sweep_looks_at_all_lines_and_goes_on_until_nobody_is_left(desk: Desk) -> None:
    lines = [await desk.line(), await desk.line()]
    for line in lines:
        await desk.people(line, 7, day=YESTERDAY)
    desk.counters.day_end._batch, batch = 3, desk.counters.day_end._batch
    try:
        assert await desk.counters.day_end.sweep() >= 14
    finally:
        desk.counters.day_end._batch = batch
    assert [await desk.tokens.places(line.id) for line in lines] == [(0, set()), (0, set())]


@pytest.mark.parametrize(("timezone", "over"), [("Pacific/Kiritimati", True), ("Pacific/Pago_Pago", False)])
async def test_the_day_is_the_line_s_own(desk: Desk, timezone: str, over: bool) -> None:
    """Twenty-five hours lie between these two: while one has a day, the other has the one before."""
    line = await desk.line(timezone=timezone)
    west = (desk.now - timedelta(hours=11)).date().isoformat()
    token = await desk.person(line, day=west)
    assert await desk.counters.day_end.end(line) == int(over)
    assert (await desk.read(token)).status == ("cancelled" if over else "waiting")


async def test_who_ended_may_be_back_under_the_same_number(desk: Desk) -> None:
    line = await desk.line()
    token = await desk.person(line, day=YESTERDAY, contact=EMAIL)
    await desk.counters.day_end.end(line)
    fresh = await desk.person(line, number=token.number, contact=EMAIL)
    assert await desk.tokens.live_numbers(line.id, 0) == {fresh.number}


@pytest.mark.parametrize("status", sorted({"completed", "no_show", "cancelled", "transferred"}))
async def test_what_is_over_stays_as_it_is(desk: Desk, status: Status) -> None:
    assert status not in LIVE
    line = await desk.line()
    token: Token = await desk.person(line, status=status, day=YESTERDAY)
    assert await desk.counters.day_end.end(line) == 0
    assert await desk.read(token) == token
