"""Figures of merit of one regime, with 95 % intervals from a bootstrap over days.

Waits of one day share its speed and its rushes, so days, not waits, are drawn again (cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from bench.replay.play import AVERAGES, Scored

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """``ratios``: error of our median by that of each baseline. ``beyond``: the same against baselines that
    count one person more. Errors in minutes."""

    waits: int
    days: int
    mean_wait: float
    coverage: Figure
    error: float
    errors: dict[str, float]
    ratios: dict[str, Figure]
    beyond: dict[str, Figure]
    width: float

    @property
    def best(self) -> str:
        """The baseline that is hardest to beat."""
        return min(self.errors, key=lambda name: self.errors[name])

    @property
    def ratio(self) -> Figure:
        return self.ratios[self.best]

    @property
    def hardest_beyond(self) -> Figure:
        return max(self.beyond.values(), key=lambda figure: figure.value)


@dataclass(slots=True)
class Sums:
    """Of one day."""

    waits: float = 0
    wait: float = 0
    covered: float = 0
    p90: float = 0
    error: float = 0
    plain: tuple[float, ...] = (0.0,) * len(AVERAGES)
    beyond: tuple[float, ...] = (0.0,) * len(AVERAGES)

    def add(self, one: Scored) -> None:
        self.waits += 1
        self.wait += one.actual
        self.covered += one.actual <= one.p90
        self.p90 += one.p90
        self.error += abs(one.actual - one.median)
        self.plain = _plus(self.plain, one, 0)
        self.beyond = _plus(self.beyond, one, 1)


def _plus(sums: tuple[float, ...], one: Scored, more: int) -> tuple[float, ...]:
    share = (one.ahead + more) / max(one.counters, 1)
    return tuple(s + abs(one.actual - average * share) for s, average in zip(sums, one.averages, strict=True))


def score(scored: Sequence[Scored], draws: int = DRAWS) -> Score:
    days: dict[int, Sums] = {}
    for one in scored:
        days.setdefault(one.day, Sums()).add(one)
    sums = list(days.values())
    count = len(scored)
    return Score(
        waits=count,
        days=len(sums),
        mean_wait=sum(day.wait for day in sums) / count,
        coverage=_figure(sums, lambda day: day.covered, lambda day: day.waits, draws),
        error=sum(day.error for day in sums) / count,
        errors={name: sum(day.plain[n] for day in sums) / count for n, name in enumerate(AVERAGES)},
        ratios=_against(sums, lambda day: day.plain, draws),
        beyond=_against(sums, lambda day: day.beyond, draws),
        width=sum(day.p90 for day in sums) / count,
    )


def _against(
    days: Sequence[Sums], errors: Callable[[Sums], tuple[float, ...]], draws: int
) -> dict[str, Figure]:
    def of(n: int) -> Callable[[Sums], float]:
        return lambda day: errors(day)[n]

    return {name: _figure(days, lambda day: day.error, of(n), draws) for n, name in enumerate(AVERAGES)}


def _figure(
    days: Sequence[Sums], above: Callable[[Sums], float], below: Callable[[Sums], float], draws: int
) -> Figure:
    """The ratio of two sums over days, and where it lies in 95 of 100 draws of as many days."""
    tops, bottoms = [above(day) for day in days], [below(day) for day in days]
    random = Random(len(days))
    drawn = []
    for _ in range(draws):
        chosen = random.choices(range(len(days)), k=len(days))
        drawn.append(sum(tops[n] for n in chosen) / sum(bottoms[n] for n in chosen))
    drawn.sort()
    return Figure(sum(tops) / sum(bottoms), drawn[int(draws * 0.025)], drawn[int(draws * 0.975)])
