"""What a day of a line came to, in numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Of times in minutes; None where there are none."""

    sample: int
    mean_minutes: float | None = None
    median_minutes: float | None = None
    p90_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What people were told on joining against what came: the median's error (positive: they waited
    longer than told), and how many were called within the 90th percentile."""

    sample: int
    mean_absolute_error_minutes: float | None = None
    bias_minutes: float | None = None
    within_p90: float | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """Seconds. One token that was called."""

    waited: float
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Hour:
    """Of the line's clock. ``begins`` in UTC, so that the hour that comes twice in autumn is two."""

    begins: datetime
    joined: int = 0
    completed: int = 0
    no_shows: int = 0
    cancelled: int = 0
    wait: Spread = Spread(0)


def spread(seconds: Sequence[float]) -> Spread:
    if not seconds:
        return Spread(0)
    ordered = sorted(seconds)
    mean = sum(ordered) / len(ordered)
    return Spread(len(ordered), _minutes(mean), _minutes(_median(ordered)), _minutes(_rank(ordered, 0.9)))


def accuracy(promised: Sequence[Promised]) -> Accuracy:
    if not promised:
        return Accuracy(0)
    errors = [one.waited - one.median for one in promised]
    n = len(errors)
    return Accuracy(
        n,
        _minutes(sum(map(abs, errors)) / n),
        _minutes(sum(errors) / n),
        round(sum(one.waited <= one.p90 for one in promised) / n, 4),
    )


def rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _rank(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of them do not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def _minutes(seconds: float) -> float:
    return round(seconds / MINUTE, 2)
