"""Holds past forecasts against what came, and says by how much to move and stretch the next ones.

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
    """How strongly the next forecast answers to a miss, and how long misses are remembered.

    The median moves only past ``band``: misses of people who wait together come together, and answering
    to each rush would chase noise. A line that is wrong all day passes the band.
    """

    median: float
    band: float
    p90: float
    half_life: float
    limit: float = math.log(6)
    """The largest move of a logarithm: nothing is ever stretched more than sixfold."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Factors for the next median, and beyond that for its 90th percentile."""

    median: float = 1.0
    p90: float = 1.0


def correction(outcomes: Sequence[Outcome], gains: Gains) -> Correction:
    """From outcomes, newest last."""
    telling = [o for o in outcomes if o.median_minutes >= TRIVIAL_MINUTES and o.actual_minutes >= 0]
    over_median = [o.actual_minutes > o.median_minutes for o in telling]
    over_p90 = [o.actual_minutes > o.p90_minutes for o in telling]
    over = _sum(over_median, 0.5, gains)
    past = math.copysign(max(abs(over) - gains.band, 0.0), over)
    return Correction(
        median=_factor(gains.median * past, gains), p90=_factor(gains.p90 * _sum(over_p90, 0.1, gains), gains)
    )


def _sum(missed: Sequence[bool], wanted: float, gains: Gains) -> float:
    """Of what was missed too often, or too seldom; older misses count for less."""
    fade = 0.5 ** (1 / gains.half_life)
    total = 0.0
    for miss in missed:
        total = total * fade + miss - wanted
    return total


def _factor(move: float, gains: Gains) -> float:
    return math.exp(gains.limit * math.tanh(move / gains.limit))
