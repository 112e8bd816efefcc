"""A line in numbers, at one moment: who waits in which order, who is at a counter, how long it takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.queues.eta import Wait
from app.queues.models import Status, Token

Order = tuple[int, datetime, int]
"""Priority, joined, number: smaller is sooner."""

_KNOTS = (0, 1, 2, 3, 5, 8, 13, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750)


@dataclass(frozen=True, slots=True)
class AtCounter:
    """``since`` is when they were called, or when they were begun with."""

    number: int
    counter: str | None
    status: Status
    called_at: datetime | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LineNumbers:
    """``waits``: one for each of ``knots(waiting)`` people ahead. ``wait``: of somebody who joins now."""

    as_of: datetime
    order: tuple[Order, ...]
    at_counters: tuple[AtCounter, ...]
    served_today: int
    average_minutes_today: float | None
    waits: tuple[tuple[int, Wait], ...]
    wait: Wait

    @property
    def waiting(self) -> int:
        return len(self.order)

    @property
    def latest(self) -> AtCounter | None:
        """Whoever was called last, of those still there."""
        called = [one for one in self.at_counters if one.called_at is not None]
        return max(called, key=lambda one: (one.called_at, one.number), default=None)

    def has_at_counter(self, number: int) -> bool:
        return any(one.number == number for one in self.at_counters)

    def next(self, count: int) -> list[int]:
        return [number for _, _, number in self.order[:count]]

    def ahead(self, order: Order) -> int:
        """How many come before, whether or not it is in the line itself."""
        return bisect_left(self.order, order)

    def ahead_of(self, token: Token) -> int:
        return self.ahead(token.order) if token.status in ("waiting", "away") else 0

    def joined(self, order: Order) -> LineNumbers:
        """With one more, until the line is read again."""
        at = bisect_left(self.order, order)
        if self.order[at : at + 1] == (order,):
            return self
        return replace(self, order=(*self.order[:at], order, *self.order[at:]))


def knots(waiting: int) -> list[int]:
    """Numbers of people ahead whose waits are told; between them one may draw a straight line."""
    return [ahead for ahead in _all_knots(waiting) if ahead <= waiting]


def _all_knots(waiting: int) -> Iterable[int]:
    yield from _KNOTS
    yield from range(1000, waiting + 1, 500)
