"""Time in UTC. Business code asks a ``Clock``; only this file asks the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time by the database's clock, aware, UTC, in whole milliseconds (what BSON keeps)."""
        ...


class SystemClock:
    """Our clock plus the offset measured from the database's ``hello.localTime``.

    Deadlines are compared with ``$$NOW`` on the server, so they must be written in its time.
    """

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return milliseconds(datetime.now(UTC) + self.offset)

    def measure(self, database_time: datetime, before: datetime, after: datetime) -> None:
        """Sets the offset from one reading taken between ``before`` and ``after`` of our clock."""
        self.offset = database_time - (before + (after - before) / 2)


class FixedClock:
    """Tests move it by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return milliseconds(self.at)

    def advance(self, by: timedelta) -> None:
        self.at += by


def pause(age: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    """How long to wait before asking again about something this old: half its age, within bounds."""
    return min(max(age / 2, shortest), longest)


def milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
