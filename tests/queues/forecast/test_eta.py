"""What must hold of any forecast, and a few that can be worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.queues.calibration import Outcome
from app.queues.eta import PLAYED, Line, Pace, Wait, curve, forecast, forecasts

minutes = st.floats(0, 600)
outcomes = st.builds(Outcome, minutes, minutes, minutes)
paces = st.builds(
    Pace,
    st.floats(0.1, 120),
    st.lists(minutes, max_size=40).map(tuple),
    st.lists(minutes, max_size=10).map(tuple),
    st.lists(outcomes, max_size=40).map(tuple),
    st.none() | st.floats(0.5, 12),
)
lines = st.builds(Line, st.integers(0, 12), st.lists(minutes, max_size=14).map(tuple), paces)
aheads = st.integers(0, 400)


def even(minutes_each: float, count: int = 100) -> Pace:
    """All services took the same, one after the other without a pause."""
    return Pace(minutes_each, (minutes_each,) * count, (0.0,) * count)


@settings(max_examples=60, deadline=None)
@given(lines, aheads)
def test_a_forecast_is_a_time_and_its_90th_percentile_is_not_before_it(line: Line, ahead: int) -> None:
    wait = forecast(ahead, line)
    assert math.isfinite(wait.p90_minutes)
    assert 0 <= wait.median_minutes <= wait.p90_minutes


@settings(max_examples=40, deadline=None)
@given(lines, aheads, aheads)
def test_more_people_ahead_never_wait_less(line: Line, one: int, other: int) -> None:
    few, many = forecasts(sorted([one, other]), line)
    assert few.median_minutes <= many.median_minutes
    assert few.p90_minutes <= many.p90_minutes


@settings(max_examples=40, deadline=None)
@given(lines, aheads, st.integers(1, 5))
def test_more_counters_never_make_it_longer(line: Line, ahead: int, more: int) -> None:
    """With what usually is unknown: one that opens above it is expected to close again."""
    line = replace(line, pace=replace(line.pace, usual_counters=None))
    now, then = forecast(ahead, line), forecast(ahead, replace(line, counters=line.counters + more))
    assert then.median_minutes <= now.median_minutes * (1 + 1e-9)
    assert then.p90_minutes <= now.p90_minutes * (1 + 1e-9)


@settings(max_examples=30, deadline=None)
@given(lines, st.integers(0, PLAYED - 2), st.integers(0, 3 * PLAYED))
def test_how_far_a_curve_goes_changes_nothing_before(line: Line, ahead: int, further: int) -> None:
    assert curve(line, ahead).at(ahead) == curve(line, ahead + further).at(ahead)


def test_without_any_data_it_is_the_guess() -> None:
    wait = forecast(11, Line(2, (0.0, 0.0), Pace(4.0)))
    assert wait.sample == 0
    assert wait.median_minutes == pytest.approx(12 / 2 * 4, rel=0.15)
    assert wait.p90_minutes > 1.2 * wait.median_minutes


def test_a_free_counter_means_now() -> None:
    wait = forecast(0, Line(2, (3.0,), Pace(10.0)))
    assert wait.p90_minutes < 1


def test_equal_services_are_counted_exactly() -> None:
    """Two counters of 10 minutes, free in 4 and in 9: the calls come at 4, 9, 14, 19, 24 and so on."""
    found = forecasts([0, 1, 2, 3, 4], Line(2, (6.0, 1.0), even(10.0)))
    assert [w.median_minutes for w in found] == pytest.approx([4, 9, 14, 19, 24], rel=0.08)


def test_a_long_line_is_its_mean_pace() -> None:
    wait = forecast(900, Line(3, (1.0, 2.0, 3.0), even(6.0, 200)))
    assert wait.median_minutes == pytest.approx(900 * 6 / 3, rel=0.03)


def test_what_has_lasted_long_of_equal_ones_is_over_soon() -> None:
    fresh = forecast(0, Line(1, (0.0,), even(10.0)))
    late = forecast(0, Line(1, (9.0,), even(10.0)))
    assert late.median_minutes < fresh.median_minutes / 5


def test_a_counter_that_closes_calls_nobody() -> None:
    """Three at counters and one open: the first two to finish go home."""
    wait = forecast(0, Line(1, (8.0, 5.0, 1.0), even(10.0)))
    assert wait.median_minutes == pytest.approx(9, rel=0.08)


@pytest.mark.parametrize("absurd", [600.0, 1e6])
def test_an_outlier_does_not_explode(absurd: float) -> None:
    """A token forgotten over night, among 40 honest services."""
    honest = tuple(Random(1).lognormvariate(1.4, 0.5) for _ in range(40))
    before = forecast(10, Line(2, (1.0, 1.0), Pace(5.0, honest)))
    after = forecast(10, Line(2, (1.0, 1.0), Pace(5.0, (*honest[:-1], absurd, honest[-1]))))
    assert after.median_minutes < 1.25 * before.median_minutes
    assert after.p90_minutes < 1.6 * before.p90_minutes
    mean = sum([*honest, absurd]) / 41
    assert mean * 10 / 2 > 2.5 * after.median_minutes, "the plain average does explode"


def test_a_single_absurd_record_does_not_beat_the_guess() -> None:
    wait = forecast(10, Line(1, (0.0,), Pace(5.0, (1e6,))))
    assert wait.median_minutes < 4 * 5.0 * 11


def test_a_token_forgotten_at_a_counter_costs_one_service() -> None:
    forgotten = forecast(3, Line(2, (900.0, 1.0), even(5.0)))
    fresh = forecast(3, Line(2, (0.0, 1.0), even(5.0)))
    assert forgotten == fresh


def test_recent_services_count_more() -> None:
    slow_now = Pace(5.0, (5.0,) * 100 + (10.0,) * 100)
    slow_before = Pace(5.0, (10.0,) * 100 + (5.0,) * 100)
    now, before = (forecast(20, Line(1, (0.0,), pace)).median_minutes for pace in (slow_now, slow_before))
    assert now == pytest.approx(21 * 8.5, rel=0.1)
    assert before == pytest.approx(21 * 6.5, rel=0.1)


def test_pauses_between_calls_count() -> None:
    swift, idle = (Pace(5.0, (5.0,) * 99, (gap,) * 99) for gap in (0.0, 2.0))
    waits = [forecast(9, Line(1, (0.0,), pace)).median_minutes for pace in (swift, idle)]
    assert waits[1] - waits[0] == pytest.approx(20, rel=0.1)


def test_an_appointment_takes_a_turn_when_its_time_has_come() -> None:
    line = Line(1, (0.0,), even(10.0))
    at = [forecast(n, line) for n in (2, 3, 4)]
    assert forecast(2, replace(line, appointments=(5.0,))) == at[1]
    assert forecast(2, replace(line, appointments=(500.0,))) == at[0]
    assert forecast(2, replace(line, appointments=(33.0, 5.0))) == at[2], "the second comes up by the first"


def test_faulty_records_are_left_out() -> None:
    pace = Pace(5.0, (math.nan, math.inf, -3.0))
    assert forecast(4, Line(1, (0.0,), pace)) == forecast(4, Line(1, (0.0,), Pace(5.0)))


def test_a_thousand_forecasts_draw_one_curve() -> None:
    """What ``bench`` times: the work grows with the logarithm of the line's length."""
    line = Line(3, (1.0,) * 3, even(5.0))
    assert len(curve(line, 1_000).knots) < PLAYED + 20
    assert len(curve(line, 1_000_000).knots) < PLAYED + 50


def test_forecasts_are_those_of_each() -> None:
    line = Line(2, (1.0, 2.0), even(5.0))
    assert forecasts([], line) == []
    assert forecasts([7, 3], line) == [forecast(7, line), forecast(3, line)]
    assert forecast(-1, line) == forecast(0, line)
    assert isinstance(forecast(0, line), Wait)
