"""What the records of past stays at the counters say about a line's pace."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.queues.calibration import Outcome
from app.queues.eta import Pace
from app.queues.models import Promise

MINUTE = 60.0
TELLING_WAIT = 1.0
LEAST_CALLS = 30


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's call at a counter, shown up or not. Minutes on any one clock."""

    counter: str
    joined: float
    called: float
    ended: float


@dataclass(frozen=True, slots=True)
class Visit:
    """What a line's pace needs of a token that was called. ``ended_at`` is None while it is at a counter.

    ``straight``: waited without a break until the call, so that its forecast can be held against it.
    """

    counter: str
    joined_at: datetime
    called_at: datetime
    ended_at: datetime | None = None
    promise: Promise | None = None
    straight: bool = True


def services_of(stays: Sequence[Stay]) -> tuple[float, ...]:
    """How long each kept a counter busy, in the order given."""
    return tuple(max(stay.ended - stay.called, 0.0) for stay in stays)


def pauses_of(stays: Sequence[Stay]) -> tuple[float, ...]:
    """How long each counter let somebody wait between two calls. The first of each counter is unknown."""
    free: dict[str, float] = {}
    pauses = []
    for stay in sorted(stays, key=lambda stay: stay.called):
        if stay.counter in free:
            pauses.append(max(stay.called - max(free[stay.counter], stay.joined), 0.0))
        free[stay.counter] = stay.ended
    return tuple(pauses)


def usual_counters(stays: Sequence[Stay]) -> float | None:
    """How many counters were at work while somebody waited, as a mean over time; None from too few stays.

    At a call that somebody waited for, all open counters are busy or between two people. Calls are the
    more frequent the more counters there are, so each counts for the time it takes: a harmonic mean.
    """
    calls, ends = sorted(stay.called for stay in stays), sorted(stay.ended for stay in stays)
    waited = [stay.called for stay in stays if stay.called - stay.joined > TELLING_WAIT]
    if len(waited) < LEAST_CALLS:
        return None
    busy, between = sum(services_of(stays)), sum(pauses_of(stays))
    unseen = 1 + min(between / busy if busy else 0.0, 1.0)
    others = [bisect_right(calls, at) - bisect_right(ends, at) - 1 for at in waited]
    return len(waited) / sum(1 / (1 + max(other, 0) * unseen) for other in others)


def pace_of(visits: Sequence[Visit], guess_minutes: float) -> Pace:
    """In any order."""
    stays = [
        Stay(v.counter, _minutes(v.joined_at), _minutes(v.called_at), _minutes(v.ended_at))
        for v in visits
        if v.ended_at is not None
    ]
    stays.sort(key=lambda stay: stay.ended)
    told = [(v.called_at, v.promise) for v in visits if v.promise is not None and v.straight]
    told.sort(key=lambda pair: pair[0])
    outcomes = tuple(_outcome(called_at, promise) for called_at, promise in told)
    return Pace(guess_minutes, services_of(stays), pauses_of(stays), outcomes, usual_counters(stays))


def elapsed_of(visits: Sequence[Visit], now: datetime) -> tuple[float, ...]:
    """Minutes since each who is at a counter now was called."""
    present = [visit for visit in visits if visit.ended_at is None]
    return tuple(max(_minutes(now) - _minutes(visit.called_at), 0.0) for visit in present)


def _outcome(called_at: datetime, promise: Promise) -> Outcome:
    waited = _minutes(called_at) - _minutes(promise.at)
    return Outcome(promise.median_seconds / MINUTE, promise.p90_seconds / MINUTE, max(waited, 0.0))


def _minutes(at: datetime) -> float:
    return at.timestamp() / MINUTE
