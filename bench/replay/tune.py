"""Compares settings of the forecast on the tuning seeds. The report's seed is never used here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

from app.queues.calibration import Gains
from app.queues.durations import Memory
from app.queues.eta import TUNED, Tuning
from bench.replay.play import AVERAGES, as_tuned, play
from bench.replay.regimes import REGIMES, Regime
from bench.replay.score import Score, score

SEEDS = (101, 102, 103, 104)
WAITS = 2_500


def candidates() -> Iterator[tuple[str, Tuning]]:
    """What is set now, and one step from it in each direction."""
    yield "as set", TUNED
    for half_life in (40, 140):
        memory = Memory(half_life, TUNED.services.guess_weight)
        yield f"services remembered {half_life}", replace(TUNED, services=memory)
    for weight in (3, 12):
        memory = Memory(TUNED.services.half_life, weight)
        yield f"guess worth {weight}", replace(TUNED, services=memory)
    for drift in (0.15, 0.35):
        yield f"drift {drift}", replace(TUNED, drift=drift)
    for minutes in (30.0, 120.0, 1e9):
        yield f"counters as now for {minutes:g}", replace(TUNED, shift_minutes=minutes)
    for gain in (TUNED.gains.p90 / 2, TUNED.gains.p90 * 2):
        yield f"gain of the interval {gain:g}", replace(TUNED, gains=replace(TUNED.gains, p90=gain))


def uncalibrated(tuning: Tuning) -> Tuning:
    return replace(tuning, gains=Gains(p90=0.0, half_life=1.0))


def tune() -> None:
    """Coverage and ratio to the best baseline in each regime, and the mean ratio."""
    for name, tuning in candidates():
        found = [_scores(regime, tuning) for regime in REGIMES]
        cells = [f"{fmean(s.coverage.value for s in scores):.3f} {_ratio(scores):.3f}" for scores in found]
        print(f"{name:28}", *cells, f"{fmean(_ratio(scores) for scores in found):.4f}", sep=" | ", flush=True)


def _scores(regime: Regime, tuning: Tuning) -> list[Score]:
    return [score(play(regime, seed, WAITS, as_tuned(tuning)), draws=2) for seed in SEEDS]


def _ratio(scores: list[Score]) -> float:
    best = min(fmean(s.errors[name] for s in scores) for name in AVERAGES)
    return fmean(s.error for s in scores) / best
