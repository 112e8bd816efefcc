"""A line's own day and week: local dates and wall times, whatever the clocks there do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.queues.models import OpeningHours

_MIDNIGHT = "00:00"


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
    local = at.astimezone(ZoneInfo(timezone))
    now, today = local.strftime("%H:%M"), local.weekday()
    yesterday = (local.date() - timedelta(days=1)).weekday()
    return any(_covers(one, now, today, yesterday) for one in hours)


def _covers(hours: OpeningHours, now: str, today: int, yesterday: int) -> bool:
    if hours.closes > hours.opens:
        return hours.day == today and hours.opens <= now < hours.closes
    until_midnight = hours.day == today and now >= hours.opens
    after_midnight = hours.day == yesterday and _MIDNIGHT <= now < hours.closes
    return until_midnight or after_midnight
