"""How many counters a line usually has, from who was called when; and what that does to long waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.queues.eta import Line, Pace, forecast
from app.queues.habit import Habit
from app.queues.stays import Stay, pauses_of, services_of, usual_counters


def busy(counters: int, begins: float, ends: float, each: float = 5.0) -> list[Stay]:
    """Everybody waited ten minutes, services follow one another."""
    found = []
    for n in range(counters):
        at = begins + n * each / counters
        while at < ends:
            found.append(Stay(str(n), at - 10, at, at + each))
            at += each
    return found


@pytest.mark.parametrize("counters", [1, 2, 4])
def test_counters_at_work_are_counted(counters: int) -> None:
    assert usual_counters(busy(counters, 0, 400)) == pytest.approx(counters, rel=0.06)


def test_they_are_a_mean_over_time_and_not_over_calls() -> None:
    """Half the day with one and half with four: two and a half, though most calls were by four."""
    assert usual_counters([*busy(1, 0, 300), *busy(4, 310, 610)]) == pytest.approx(2.5, rel=0.08)


def test_too_few_say_nothing_and_neither_do_those_who_did_not_wait() -> None:
    assert usual_counters(busy(2, 0, 50)) is None
    assert usual_counters([replace(stay, joined=stay.called) for stay in busy(2, 0, 400)]) is None
    assert usual_counters([]) is None


def test_pauses_and_services() -> None:
    stays = [Stay("1", 0, 5, 9), Stay("1", 10, 12, 15), Stay("2", 0, 6, 8), Stay("2", 1, 8, 9)]
    assert services_of(stays) == (4, 3, 2, 1)
    assert pauses_of(stays) == (0, 2)


def test_a_clock_that_is_as_usual_stands_for_itself() -> None:
    assert Habit(1.0, 60).clock(47.0) == 47.0


@pytest.mark.parametrize("share", [1 / 3, 0.5, 2.0, 3.0])
@pytest.mark.parametrize("played", [0.0, 0.5, 20.0, 90.0, 1e4])
def test_the_clock_does_the_work_that_was_played(share: float, played: float) -> None:
    time = Habit(share, 60).clock(played)
    step = time / 20_000
    speeds = (share + (1 - share) * 2.718281828 ** (-(n + 0.5) * step / 60) for n in range(20_000))
    assert sum(speeds) * step == pytest.approx(played, rel=1e-3)


def test_short_waits_are_by_the_counters_there_are_and_long_ones_by_the_usual() -> None:
    pace = Pace(5.0, (5.0,) * 100, (0.0,) * 100)
    line = Line(4, (1.0, 2.0, 3.0, 4.0), pace)
    half = replace(line, pace=replace(pace, usual_counters=2.0))
    short, long = ((forecast(n, half).median_minutes / forecast(n, line).median_minutes) for n in (0, 900))
    assert short == pytest.approx(1, abs=0.05)
    assert long == pytest.approx(2, abs=0.15)
