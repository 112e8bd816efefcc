"""A small replay: enough to notice a forecast that has gone wrong. The full one is ``bench.replay``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import pytest

from app.queues.eta import TUNED, Line, Wait, forecast
from app.queues.stays import Stay
from bench.replay.day import Day, Person, Sight
from bench.replay.play import Tell, as_tuned, play
from bench.replay.regimes import MIXED, REGIMES, RUSH, SHIFTING, STEADY, Regime
from bench.replay.report import Row, table
from bench.replay.score import Score, score
from bench.replay.tune import SEEDS as TUNING_SEEDS
from bench.replay.tune import uncalibrated

SEED = 7
WAITS = 500
LEAST, MOST = 0.80, 0.96
"""Looser than what the report has to show: a few days only."""


def replayed(regime: Regime, tell: Tell = as_tuned(TUNED), waits: int = WAITS) -> Score:
    return score(play(regime, SEED, waits, tell), draws=40)


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return {regime.name: replayed(regime) for regime in REGIMES}


def test_the_90th_percentile_covers_in_every_regime(scores: dict[str, Score]) -> None:
    covered = {name: found.coverage.value for name, found in scores.items()}
    assert all(LEAST < share < MOST for share in covered.values()), covered


def test_the_median_beats_the_average_by_heads(scores: dict[str, Score]) -> None:
    ratios = {name: found.ratio.value for name, found in scores.items()}
    assert sum(ratios.values()) / len(ratios) < 0.97, ratios


def test_the_table_has_a_row_for_each(scores: dict[str, Score]) -> None:
    text = table([Row(regime, scores[regime.name], scores[regime.name]) for regime in REGIMES])
    assert all(f"| {regime.name} |" in text for regime in REGIMES)


@pytest.mark.parametrize("regime", [STEADY, MIXED], ids=lambda regime: regime.name)
def test_a_wrong_percentile_falls_outside(regime: Regime) -> None:
    """The positive control: what is announced as the 90th percentile is about the 60th."""

    def too_early(ahead: int, line: Line) -> Wait:
        wait = forecast(ahead, line)
        return replace(wait, p90_minutes=1.1 * wait.median_minutes)

    assert replayed(regime, too_early, 250).coverage.value < LEAST


def test_a_model_without_doubt_falls_outside_unless_it_is_calibrated() -> None:
    """The other control: calibration is what repairs a model that knows only half of what can happen."""

    def timid(calibrated: bool) -> Tell:
        tuning = TUNED if calibrated else uncalibrated(TUNED)

        def tell(ahead: int, line: Line) -> Wait:
            wait = forecast(ahead, line, tuning)
            wider = wait.p90_minutes * 0.6
            return replace(wait, p90_minutes=max(wider, wait.median_minutes))

        return tell

    bare, repaired = replayed(RUSH, timid(False)).coverage, replayed(RUSH, timid(True)).coverage
    assert bare.value < LEAST
    assert repaired.value > bare.value + 0.05


def test_the_report_has_seeds_of_its_own() -> None:
    from bench.replay.__main__ import SEED as REPORT_SEED

    assert REPORT_SEED not in TUNING_SEEDS


def test_a_replay_is_the_same_again() -> None:
    assert play(SHIFTING, SEED, 100, as_tuned(TUNED)) == play(SHIFTING, SEED, 100, as_tuned(TUNED))


@dataclass
class Log:
    people: list[Person] = field(default_factory=list)
    calls: list[Person] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    most_at_counters: int = 0

    def joined(self, person: Person, sight: Sight) -> None:
        self.people.append(person)
        self.most_at_counters = max(self.most_at_counters, len(sight.elapsed))

    def called(self, person: Person, now: float) -> None:
        assert now >= person.joined
        self.calls.append(person)

    def ended(self, stay: Stay) -> None:
        self.stays.append(stay)


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.name)
def test_the_simulated_day_is_a_line(regime: Regime) -> None:
    """All are called but the few who leave, the first first within a priority, one at a counter at a time."""
    log = Log()
    Day(regime, Random(3), log, 0.0).run()
    assert len(log.people) > 100
    assert 0.9 * len(log.people) < len(log.calls) == len(log.stays)
    for priority in (4, 5):
        joined = [person.joined for person in log.calls if person.priority == priority]
        assert joined == sorted(joined)
    assert log.most_at_counters <= len(regime.slowness)
