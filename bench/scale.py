"""How much is measured. ``quick`` is for a look while working; figures come from ``full``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    name: str
    trials: int
    seconds: float
    """Of one measurement of answers a second."""
    bookings: int
    """Of one measurement of bookings that win."""
    places: int
    seats: int
    overdue: int
    watchers: int
    waiting: int
    connections: int = 32


QUICK = Scale(
    "quick",
    trials=3,
    seconds=1.5,
    bookings=2_000,
    places=2_000,
    seats=50_000,
    overdue=10_000,
    watchers=500,
    waiting=10_000,
)
FULL = Scale(
    "full",
    trials=11,
    seconds=1.0,
    bookings=1_500,
    places=20_000,
    seats=50_000,
    overdue=100_000,
    watchers=5_000,
    waiting=10_000,
)
