"""Holds past forecasts against what came, and says by how much to stretch the next ones.

On-line conformal calibration: the error integrator of conformal PID control (Angelopoulos, Candès &
Tibshirani 2023), which contains adaptive conformal inference (Gibbs & Candès 2021). Of each past forecast
only the miss counts: was the wait longer than what was announced? The running sum of (missed - wanted
rate of misses) moves the logarithm of the next announcement through a saturating function. Whatever makes
the model wrong, the long-run rate of misses then tends to the wanted one, without any assumption on the
distribution. Here the sum forgets exponentially, and since it is made of outcomes alone, in the order they
became known, there is no state to keep: any process computes the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WANTED = 0.1
"""Rate of misses."""
TRIVIAL_MINUTES = 0.5
"""One who is told "now" says nothing about how well we forecast waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A forecast as it was given, and the wait that came, in minutes."""

    median_minutes: float
    p90_minutes: float
    actual_minutes: float


@dataclass(frozen=True, slots=True)
class Gains:
    """How strongly the next forecast answers to a miss, and for how many outcomes a miss counts half."""

    p90: float
    half_life: float
    limit: float = math.log(6)
    """The largest move of a logarithm: nothing is ever stretched more than sixfold."""


def stretch(outcomes: Sequence[Outcome], gains: Gains) -> float:
    """A factor for the next 90th percentile, from outcomes, newest last."""
    fade = 0.5 ** (1 / gains.half_life)
    total = 0.0
    for outcome in outcomes:
        if outcome.median_minutes >= TRIVIAL_MINUTES:
            total = total * fade + (outcome.actual_minutes > outcome.p90_minutes) - WANTED
    return math.exp(gains.limit * math.tanh(gains.p90 * total / gains.limit))
