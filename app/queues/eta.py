"""How long people in a line will wait: median and 90th percentile. Pure; docs/forecast.md has the reasons.

A line is played forward ``PATHS`` times, as it would go on if nobody joined: each open counter is free after
what is left of its service (given how long it has lasted) and takes the next person after a pause; the wait
of one with n people ahead is the time of the (n+1)-th call. Durations are drawn from recent ones
(``durations``) by Latin hypercube sampling (McKay, Beckman & Conover 1979): every call number sees each of
the ``PATHS`` values once, in a fixed shuffled order. So the result is exact in the mean, the same for the
same line, and on no path shorter for more people ahead or longer for more counters. Each path also has its
own error of the mean pace, which is what makes long waits uncertain. Past ``PLAYED`` calls, whole
blocks of calls are added instead (a renewal process; Cox 1962). Then ``habit`` allows for counters that open
and close, and ``calibration`` has the last word on the 90th percentile.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from heapq import heapreplace

from app.queues.calibration import Gains, Outcome, stretch
from app.queues.durations import PATHS, Duration, Memory, duration, normal_values
from app.queues.habit import Habit

PLAYED = 32
BLOCK = 1.3
"""Past ``PLAYED``, the next knot of a curve has this many times as many people ahead."""
PAUSE_GUESS_MINUTES = 0.25


@dataclass(frozen=True, slots=True)
class Tuning:
    """``drift``: relative standard deviation of what the pace does after the forecast.

    ``shift_minutes``: how long the counters stay as many as they are, see ``habit``.
    """

    services: Memory
    pauses: Memory
    gains: Gains
    drift: float
    shift_minutes: float


TUNED = Tuning(
    services=Memory(half_life=80, guess_weight=6),
    pauses=Memory(half_life=40, guess_weight=6),
    gains=Gains(p90=0.06, half_life=100),
    drift=0.3,
    shift_minutes=60.0,
)
"""Chosen by ``python -m bench.replay --tune``, on other seeds than its report uses."""


@dataclass(frozen=True, slots=True)
class Wait:
    """``sample``: how many real services it rests on."""

    median_minutes: float
    p90_minutes: float
    sample: int


@dataclass(frozen=True, slots=True)
class Pace:
    """What a line's past says. Minutes, newest last.

    ``services``: from being called to the end. ``pauses``: of a counter with people waiting, before it
    called. ``outcomes``: of forecasts given on joining, in the order in which people were called.
    ``usual_counters``: how many work while somebody waits, as a mean over time.
    """

    guess_minutes: float
    services: tuple[float, ...] = ()
    pauses: tuple[float, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    usual_counters: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """``counters``: open ones. ``elapsed``: minutes since each one at a counter was called.
    ``appointments``: minutes until each that will take the next free counter."""

    counters: int
    elapsed: tuple[float, ...]
    pace: Pace
    appointments: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """Waits by people ahead, straight between its knots."""

    knots: tuple[int, ...]
    medians: tuple[float, ...]
    p90s: tuple[float, ...]
    sample: int
    appointments: tuple[float, ...] = ()

    def at(self, ahead: int) -> Wait:
        ahead = max(ahead, 0)
        for at in self.appointments:  # Each that comes up before one's turn is one more ahead.
            if at <= self._read(self.medians, ahead):
                ahead += 1
        return Wait(self._read(self.medians, ahead), self._read(self.p90s, ahead), self.sample)

    def _read(self, values: Sequence[float], ahead: int) -> float:
        """Past the last knot as steep as before it."""
        right = min(max(bisect_right(self.knots, ahead), 1), len(self.knots) - 1)
        low, high = self.knots[right - 1], self.knots[right]
        return values[right - 1] + (values[right] - values[right - 1]) * (ahead - low) / (high - low)


def forecast(ahead: int, line: Line, tuning: Tuning = TUNED) -> Wait:
    return curve(line, ahead, tuning).at(ahead)


def forecasts(aheads: Sequence[int], line: Line, tuning: Tuning = TUNED) -> list[Wait]:
    drawn = curve(line, max(aheads, default=0), tuning)
    return [drawn.at(ahead) for ahead in aheads]


def curve(line: Line, furthest: int, tuning: Tuning = TUNED) -> Curve:
    """Good for up to ``furthest`` people ahead. Nothing in it depends on ``furthest`` but its length."""
    service = duration(line.pace.services, line.pace.guess_minutes, tuning.services)
    pause = duration(line.pace.pauses, PAUSE_GUESS_MINUTES, tuning.pauses)
    last = max(furthest, 0) + len(line.appointments)
    knots, waits = _play(line, service, pause, last, tuning.drift)
    habit, wider = _habit(line, tuning.shift_minutes), stretch(line.pace.outcomes, tuning.gains)
    announced = [_announce(sorted(times), habit, wider) for times in waits]
    return Curve(
        tuple(knots),
        tuple(median for median, _ in announced),
        tuple(p90 for _, p90 in announced),
        service.sample,
        tuple(sorted(line.appointments)),
    )


def _announce(times: Sequence[float], habit: Habit, wider: float) -> tuple[float, float]:
    median = habit.clock((times[PATHS // 2 - 1] + times[PATHS // 2]) / 2)
    return median, max(median, wider * habit.clock(times[math.ceil(PATHS * 0.9)]))


def _habit(line: Line, minutes: float) -> Habit:
    usual, now = line.pace.usual_counters, max(line.counters, 1)
    return Habit(1.0 if usual is None else min(max(usual / now, 1 / 3), 3.0), minutes)


def _play(
    line: Line, service: Duration, pause: Duration, last: int, drift: float
) -> tuple[list[int], list[list[float]]]:
    """People ahead, and for each the waits on all paths. Two knots at least."""
    counters = max(line.counters, 1)
    leaving = max(len(line.elapsed) - counters, 0)  # They close when they have finished.
    left = [service.left_after(max(elapsed, 0.0)) for elapsed in line.elapsed]
    left += [(0.0,)] * max(counters - len(left), 0)
    pace = [math.exp(z * math.hypot(service.doubt, drift)) for z in _shuffled("pace", 0, normal_values())]
    free = [
        [end + gap for end, gap in zip(_drawn("left", n, ends), _drawn("gap", n, pause.values), strict=True)]
        for n, ends in enumerate(left)
    ]
    waits: list[list[float]] = []
    heaps = [sorted(times)[leaving:] for times in zip(*free, strict=True)]  # Sorted, so a heap.
    for n in range(min(max(last, 1), PLAYED)):
        waits.append([heap[0] for heap in heaps])
        services, pauses = _drawn("service", n, service.values), _drawn("pause", n, pause.values)
        for heap, minutes, slow, gap in zip(heaps, services, pace, pauses, strict=True):
            heapreplace(heap, heap[0] + minutes * slow + gap)
    waits.append([heap[0] for heap in heaps])
    return _extended(waits, last, pace, service, pause, counters)


def _extended(
    waits: list[list[float]], last: int, pace: list[float], service: Duration, pause: Duration, counters: int
) -> tuple[list[int], list[list[float]]]:
    """Adds blocks of calls until ``last``, each with its own sum of durations."""
    knots = list(range(len(waits)))
    while knots[-1] < last:
        block = math.ceil(knots[-1] * (BLOCK - 1))
        sway = math.sqrt(block) * math.hypot(service.deviation, pause.deviation) / counters
        least = block * (service.mean + pause.mean) / counters / 10
        luck = _shuffled("block", len(knots), normal_values())
        waits.append(
            [
                wait + max(block * (service.mean * slow + pause.mean) / counters + sway * z, least)
                for wait, slow, z in zip(waits[-1], pace, luck, strict=True)
            ]
        )
        knots.append(knots[-1] + block)
    return knots, waits


def _drawn(what: str, n: int, values: Sequence[float]) -> list[float]:
    """One value per path, each of equally likely ``values`` as often as any other."""
    count = len(values)
    return [values[rank * count // PATHS] for rank in _shuffle(what, n)]


def _shuffled(what: str, n: int, values: Sequence[float]) -> list[float]:
    return [values[rank] for rank in _shuffle(what, n)]


@cache
def _shuffle(what: str, n: int) -> tuple[int, ...]:
    """A fixed order of the paths for one draw, as good as independent of the others."""
    ranks = list(range(PATHS))
    random.Random(f"{what} {n}").shuffle(ranks)
    return tuple(ranks)
