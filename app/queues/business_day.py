"""A line's own day and week: local dates and wall times, whatever the clocks there do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from app.queues.models import OpeningHours


def business_day(at: datetime, timezone: str) -> str:
    """The local date, as ``2026-03-29``. Numbers restart with it."""
    return at.astimezone(ZoneInfo(timezone)).date().isoformat()


def day_begins(day: str, timezone: str) -> datetime:
    """The day's first moment, in UTC. Where clocks skip midnight that is the moment they skip it."""
    return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(timezone)).astimezone(UTC)


def is_open_at(hours: Sequence[OpeningHours], timezone: str, at: datetime) -> bool:
    """By the clock on the wall. Without hours it is always open."""
    if not hours:
        return True
    today, now = _on_the_wall(timezone, at)
    return is_still_yesterday(hours, timezone, at) or any(_begun(one, today, now) for one in hours)


def is_still_yesterday(hours: Sequence[OpeningHours], timezone: str, at: datetime) -> bool:
    """Whether hours that began the day before go on: past midnight, and not over yet."""
    today, now = _on_the_wall(timezone, at)
    return any(_passes_midnight(one) and one.day == (today - 1) % 7 and now < one.closes for one in hours)


def _on_the_wall(timezone: str, at: datetime) -> tuple[int, str]:
    """Weekday and time."""
    local = at.astimezone(ZoneInfo(timezone))
    return local.weekday(), local.strftime("%H:%M")


def _passes_midnight(hours: OpeningHours) -> bool:
    return hours.closes <= hours.opens


def _begun(hours: OpeningHours, today: int, now: str) -> bool:
    return hours.day == today and hours.opens <= now and (_passes_midnight(hours) or now < hours.closes)
