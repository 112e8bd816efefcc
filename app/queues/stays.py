"""What the records of past stays at the counters say about a line's pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's call at a counter, shown up or not. Minutes on any one clock."""

    counter: str
    joined: float
    called: float
    ended: float


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
