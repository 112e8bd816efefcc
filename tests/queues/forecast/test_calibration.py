"""The next announcement answers to what came of the last ones."""

from __future__ import annotations

from random import Random

import pytest

from app.queues.calibration import Gains, Outcome, stretch
from app.queues.eta import TUNED

FIXED = Gains(p90=0.0, half_life=100)


def live(raw_p90: float, *, gains: Gains, count: int = 1500, seed: int = 7) -> list[Outcome]:
    """Waits with median 20 and 90th percentile 40, announced by a model that says something else."""
    random, told = Random(seed), list[Outcome]()
    for _ in range(count):
        actual = 20 * 2 ** (random.gauss(0, 1) / 1.2816)
        told.append(Outcome(20, max(20, raw_p90 * stretch(told[-200:], gains)), actual))
    return told[200:]


def coverage(told: list[Outcome]) -> float:
    return sum(o.actual_minutes <= o.p90_minutes for o in told) / len(told)


@pytest.mark.parametrize("raw_p90", [28.0, 32.0, 60.0])
def test_a_wrong_interval_comes_to_cover_about_nine_of_ten(raw_p90: float) -> None:
    assert 0.85 < coverage(live(raw_p90, gains=TUNED.gains)) < 0.95


@pytest.mark.parametrize("raw_p90", [28.0, 32.0, 60.0])
def test_without_calibration_it_stays_wrong(raw_p90: float) -> None:
    """The positive control."""
    assert not 0.85 < coverage(live(raw_p90, gains=FIXED)) < 0.95


def test_nothing_known_changes_nothing() -> None:
    assert stretch([], TUNED.gains) == 1.0


def test_it_has_its_limits() -> None:
    strong = Gains(p90=1, half_life=1000)
    assert stretch([Outcome(1, 1, 1e9)] * 10_000, strong) <= 6.001
    assert stretch([Outcome(9, 9, 0)] * 10_000, strong) >= 1 / 6.001


def test_those_who_were_told_now_do_not_count() -> None:
    assert stretch([Outcome(0.2, 0.4, 3)] * 200, TUNED.gains) == 1.0


def test_misses_are_forgotten() -> None:
    missed, hit = [Outcome(10, 12, 99)] * 50, [Outcome(10, 12, 5)] * 600
    assert stretch(missed, TUNED.gains) > 1.5
    assert stretch([*missed, *hit], TUNED.gains) < 1.0
