"""How long one thing takes (a service, or the pause before the next call), from few and dirty records.

- *Robust.* A record counts at most ``CAP`` times the upper quartile (winsorising, Tukey 1962): a token that
  was forgotten at a counter overnight cannot move the forecast, while up to a quarter of honestly long
  services stay as they are. A trimmed mean or a median would be wrong here: a queue adds durations up, so
  their mean is what counts, and durations are skewed.
- *Current.* The i-th newest record weighs ``2 ** (-i / half_life)`` (exponential forgetting).
- *Shrunk.* The guess enters as ``guess_weight`` records older than all others, spread like a log-normal
  distribution; an empirical-Bayes prior whose weight the records take over (Efron & Morris 1973).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from statistics import NormalDist

PATHS = 160
"""Equally likely values a distribution is kept as."""
CAP = 3.5
GUESS_SPREAD = 0.6
"""Standard deviation of the logarithm that a guess is given."""
SHORTEST = 1 / 600
LONGEST = 24 * 60.0
"""Minutes. What is outside is a fault of the record or of the setting."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How fast records are forgotten, and how many of them the guess is worth."""

    half_life: float
    guess_weight: float


@dataclass(frozen=True, slots=True)
class Duration:
    """A distribution in minutes. ``doubt``: relative standard error of ``mean``."""

    values: tuple[float, ...]
    """``PATHS`` equally likely ones, ascending."""
    mean: float
    deviation: float
    doubt: float
    sample: int

    def left_after(self, elapsed: float) -> tuple[float, ...]:
        """What is left for one that began ``elapsed`` minutes ago: the values beyond it, less it.

        Older than all we know of, it may last as long again as a fresh one.
        """
        beyond = self.values[bisect_right(self.values, elapsed) :]
        if len(beyond) * 40 < len(self.values):
            return self.values
        return tuple(value - elapsed for value in beyond)


def duration(records: Sequence[float], guess: float, memory: Memory) -> Duration:
    """From records, newest last, and what to believe without any."""
    prior = guess_values(min(max(guess, SHORTEST), LONGEST))
    known = [record for record in records if math.isfinite(record) and record >= 0]
    fade = 0.5 ** (1 / memory.half_life)
    weights = [fade**age for age in range(len(known) - 1, -1, -1)]
    share = memory.guess_weight * fade ** len(known) / len(prior)
    weighted = sorted([*zip(known, weights, strict=True), *((value, share) for value in prior)])
    sums = list(accumulate(weight for _, weight in weighted))
    cap = CAP * weighted[bisect_right(sums, 0.75 * sums[-1])][0]
    values = _quantiles([min(value, cap) for value, _ in weighted], sums)
    mean = sum(min(value, cap) * weight for value, weight in weighted) / sums[-1]
    return _scaled(values, mean, _records_worth(weights, share * len(prior)), len(known))


def _scaled(values: list[float], mean: float, worth: float, sample: int) -> Duration:
    """Rounding to ``PATHS`` values must not change the mean, which is what a queue adds up."""
    rounded = sum(values) / len(values)
    factor = mean / rounded if rounded else 1.0
    exact = tuple(value * factor for value in values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in exact) / len(exact))
    return Duration(exact, mean, deviation, deviation / mean / math.sqrt(worth) if mean else 0.0, sample)


def _records_worth(weights: Sequence[float], prior: float) -> float:
    """Kish's effective sample size; a guess counts as one record at most."""
    squares = sum(weight * weight for weight in weights) + prior * max(prior, 1.0)
    return max((sum(weights) + prior) ** 2 / squares if squares else 1.0, 1.0)


def _quantiles(values: Sequence[float], sums: Sequence[float]) -> list[float]:
    """Ascending ``values``, whose weights add up to ``sums``, as ``PATHS`` equally likely ones."""
    step, last = sums[-1] / PATHS, len(values) - 1
    return [values[min(bisect_left(sums, (path + 0.5) * step), last)] for path in range(PATHS)]


@cache
def normal_values(count: int = PATHS) -> tuple[float, ...]:
    return tuple(NormalDist().inv_cdf((path + 0.5) / count) for path in range(count))


def guess_values(guess: float, count: int = 24) -> tuple[float, ...]:
    """A log-normal distribution around a guess of its mean, as equally likely values."""
    shape = [math.exp(GUESS_SPREAD * z) for z in normal_values(count)]
    factor = guess * count / sum(shape)
    return tuple(value * factor for value in shape)
