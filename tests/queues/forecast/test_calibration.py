"""The next announcement answers to what came of the last ones."""

from __future__ import annotations

from random import Random

import pytest

from app.queues.calibration import Correction, Gains, Outcome, correction
from app.queues.eta import TUNED

FIXED = Gains(median=0.0, band=0.0, p90=0.0, half_life=100)


def live(raw_median: float, raw_p90: float, *, gains: Gains, count: int, seed: int = 7) -> list[Outcome]:
    """Waits with median 20 and 90th percentile 40, announced by a model that says something else."""
    random, told = Random(seed), list[Outcome]()
    for _ in range(count):
        actual = 20 * 2 ** (random.gauss(0, 1) / 1.2816)
        fix = correction(told[-200:], gains)
        median = raw_median * fix.median
        told.append(Outcome(median, max(median, raw_p90 * fix.median * fix.p90), actual))
    return told


def coverage(told: list[Outcome]) -> float:
    return sum(o.actual_minutes <= o.p90_minutes for o in told) / len(told)


def test_nothing_known_changes_nothing() -> None:
    assert correction([], TUNED.gains) == Correction(1.0, 1.0)


@pytest.mark.parametrize("raw_p90", [20.5, 30.0, 70.0])
def test_a_wrong_interval_comes_to_cover_nine_of_ten(raw_p90: float) -> None:
    assert 0.86 < coverage(live(20, raw_p90, gains=TUNED.gains, count=1200)[200:]) < 0.94


@pytest.mark.parametrize("raw_p90", [20.5, 30.0, 70.0])
def test_without_calibration_it_stays_wrong(raw_p90: float) -> None:
    """The positive control."""
    assert not 0.86 < coverage(live(20, raw_p90, gains=FIXED, count=1200)[200:]) < 0.94


@pytest.mark.parametrize("raw", [8.0, 60.0])
def test_a_model_that_is_wrong_all_day_is_moved(raw: float) -> None:
    """As where more counters are said to be open than are."""
    told = live(raw, 2 * raw, gains=TUNED.gains, count=1200)
    late = told[-300:]
    assert sum(o.median_minutes for o in late) / len(late) == pytest.approx(20, rel=0.35)


def test_one_rush_does_not_move_the_median() -> None:
    late = [Outcome(10, 30, 20)] * 20
    assert correction(late, TUNED.gains).median == 1.0


def test_a_correction_has_its_limits() -> None:
    never = correction([Outcome(1, 1, 1e9)] * 100_000, Gains(median=1, band=0, p90=1, half_life=1000))
    always = correction([Outcome(9, 9, 0)] * 100_000, Gains(median=1, band=0, p90=1, half_life=1000))
    assert never.median <= 6.001
    assert never.p90 <= 6.001
    assert always.median >= 1 / 6.001


def test_those_who_were_told_now_do_not_count() -> None:
    assert correction([Outcome(0.2, 0.4, 3)] * 200, TUNED.gains) == Correction(1.0, 1.0)


def test_misses_are_forgotten() -> None:
    missed, hit = [Outcome(10, 12, 99)] * 50, [Outcome(10, 12, 5), Outcome(10, 12, 11)] * 300
    assert correction(missed, TUNED.gains).p90 > 1.5
    assert correction([*missed, *hit], TUNED.gains).p90 < 1.0
