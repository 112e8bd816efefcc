"""A against B on a machine that is never quiet: in turns, several times, medians."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Ratio:
    ours: list[float]
    theirs: list[float]

    @property
    def value(self) -> float:
        return median(self.ours) / median(self.theirs)

    def numbers(self) -> dict[str, object]:
        return {
            "ratio": round(self.value, 3),
            "ours_per_second": round(median(self.ours)),
            "theirs_per_second": round(median(self.theirs)),
            "trials": len(self.ours),
            "all_ours": [round(rate) for rate in self.ours],
            "all_theirs": [round(rate) for rate in self.theirs],
        }


async def in_turns(measures: Mapping[str, Measure], trials: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in measures}
    for trial in range(trials):
        turn = list(measures.items())
        for name, measure in turn if trial % 2 == 0 else reversed(turn):
            rates[name].append(await measure())
    return rates
