"""Days in a row of one regime: each joining is forecast from what is known then, and scored when called."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from statistics import fmean

from app.queues.calibration import Outcome
from app.queues.eta import Line, Pace, Tuning, Wait, forecast
from app.queues.stays import Stay, pauses_of, services_of, usual_counters
from bench.replay.day import Day, Person, Sight
from bench.replay.regimes import GUESS_SPREAD, LINE_DAYS, Regime

KEPT = 200
"""Records and outcomes the system reads, see ``repository/pace.py``."""
A_DAY = 24 * 60.0
AVERAGES = ("all", "today", "last 50")

Tell = Callable[[int, Line], Wait]


@dataclass(frozen=True, slots=True)
class Scored:
    """One wait with its forecast. ``averages``: what each baseline's average was at the joining."""

    day: int
    ahead: int
    counters: int
    median: float
    p90: float
    averages: tuple[float, ...]
    actual: float


@dataclass(slots=True)
class Books:
    """What the system has seen of one line so far."""

    guess: float
    tell: Tell
    day: int = 0
    stays: deque[Stay] = field(default_factory=lambda: deque(maxlen=KEPT))
    outcomes: deque[Outcome] = field(default_factory=lambda: deque(maxlen=KEPT))
    all_lengths: list[float] = field(default_factory=list)
    first_today: int = 0
    given: dict[int, tuple[Sight, Wait, tuple[float, ...]]] = field(default_factory=dict)
    scored: list[Scored] = field(default_factory=list)

    def begin(self, day: int) -> None:
        self.day, self.given, self.first_today = day, {}, len(self.all_lengths)

    def joined(self, person: Person, sight: Sight) -> None:
        stays = tuple(self.stays)
        pace = Pace(
            self.guess, services_of(stays), pauses_of(stays), tuple(self.outcomes), usual_counters(stays)
        )
        wait = self.tell(sight.ahead, Line(sight.counters, sight.elapsed, pace))
        self.given[person.number] = sight, wait, self._averages()

    def called(self, person: Person, now: float) -> None:
        sight, wait, averages = self.given[person.number]
        actual = now - sight.now
        self.outcomes.append(Outcome(wait.median_minutes, wait.p90_minutes, actual))
        if not sight.at_once:
            self.scored.append(
                Scored(
                    self.day,
                    sight.ahead,
                    sight.counters,
                    wait.median_minutes,
                    wait.p90_minutes,
                    averages,
                    actual,
                )
            )

    def ended(self, stay: Stay) -> None:
        self.stays.append(stay)
        self.all_lengths.append(stay.ended - stay.called)

    def _averages(self) -> tuple[float, ...]:
        """As somebody would compute them: the guess until there is something to average."""
        known = self.all_lengths
        chosen = known, known[self.first_today :], known[-50:]
        return tuple(fmean(lengths) if lengths else self.guess for lengths in chosen)


def as_tuned(tuning: Tuning) -> Tell:
    return lambda ahead, line: forecast(ahead, line, tuning)


def play(regime: Regime, seed: int, waits: int, tell: Tell) -> list[Scored]:
    """At least ``waits`` of them, over whole days. The line's future depends on no forecast."""
    scored: list[Scored] = []
    day = 0
    while len(scored) < waits:
        if day % LINE_DAYS == 0:
            off = math.exp(Random(f"{seed} {regime.name} guess {day}").gauss(0, GUESS_SPREAD))
            books = Books(regime.guess * off, tell)
        books.begin(day)
        already = len(books.scored)
        Day(regime, Random(f"{seed} {regime.name} {day}"), books, day * A_DAY).run()
        scored += books.scored[already:]
        day += 1
    return scored
