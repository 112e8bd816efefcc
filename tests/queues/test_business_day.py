"""Local dates and wall times."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.queues.aliases import new_alias
from app.queues.business_day import business_day, day_begins, is_open_at, is_still_yesterday
from app.queues.models import OpeningHours

VIENNA = "Europe/Vienna"
DAY = [OpeningHours(day, "09:00", "17:00") for day in range(5)]
NIGHT = [OpeningHours(4, "22:00", "03:00")]
ROUND = [OpeningHours(4, "09:00", "09:00")]


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        ("2026-07-01T21:59Z", VIENNA, "2026-07-01"),
        ("2026-07-01T22:00Z", VIENNA, "2026-07-02"),
        ("2026-03-29T00:59Z", VIENNA, "2026-03-29"),
        ("2026-10-25T22:59Z", VIENNA, "2026-10-25"),
        ("2026-10-25T23:00Z", VIENNA, "2026-10-26"),
        ("2026-12-31T10:00Z", "Pacific/Kiritimati", "2027-01-01"),
        ("2026-04-05T03:30Z", "America/Santiago", "2026-04-04"),
    ],
)
def test_the_day_is_the_local_one(at: str, zone: str, day: str) -> None:
    assert business_day(datetime.fromisoformat(at), zone) == day


@pytest.mark.parametrize(
    ("day", "zone"),
    [
        ("2026-03-29", VIENNA),
        ("2026-10-25", VIENNA),
        ("2026-09-06", "America/Santiago"),
        ("2026-04-05", "America/Santiago"),
        ("2026-04-04", "America/Santiago"),
        ("2026-04-24", "Africa/Cairo"),
    ],
)
def test_a_day_begins_with_its_first_moment(day: str, zone: str) -> None:
    begun = day_begins(day, zone)
    before = datetime.fromtimestamp(begun.timestamp() - 1, UTC)
    assert business_day(begun, zone) == day > business_day(before, zone)


@pytest.mark.parametrize(
    ("hours", "local", "is_open"),
    [
        ([], (2026, 7, 4, 3, 0), True),
        (DAY, (2026, 7, 1, 9, 0), True),
        (DAY, (2026, 7, 1, 8, 59), False),
        (DAY, (2026, 7, 1, 17, 0), False),
        (DAY, (2026, 7, 4, 12, 0), False),
        (NIGHT, (2026, 7, 3, 23, 0), True),
        (NIGHT, (2026, 7, 4, 2, 59), True),
        (NIGHT, (2026, 7, 4, 3, 0), False),
        (NIGHT, (2026, 7, 3, 2, 0), False),
        (ROUND, (2026, 7, 4, 8, 59), True),
        (ROUND, (2026, 7, 4, 9, 0), False),
        # By the wall: nine is nine on the Monday after clocks changed.
        (DAY, (2026, 3, 30, 9, 0), True),
        (DAY, (2026, 10, 26, 8, 59), False),
    ],
)
def test_opening_hours_go_by_the_clock_on_the_wall(
    hours: list[OpeningHours], local: tuple[int, int, int, int, int], is_open: bool
) -> None:
    at = datetime(*local, tzinfo=ZoneInfo(VIENNA)).astimezone(UTC)
    assert is_open_at(hours, VIENNA, at) is is_open


@pytest.mark.parametrize(
    ("hours", "local", "still"),
    [
        ([], (2026, 7, 4, 1, 0), False),
        (DAY, (2026, 7, 3, 12, 0), False),
        (NIGHT, (2026, 7, 3, 23, 0), False),
        (NIGHT, (2026, 7, 4, 0, 0), True),
        (NIGHT, (2026, 7, 4, 2, 59), True),
        (NIGHT, (2026, 7, 4, 3, 0), False),
        (NIGHT, (2026, 7, 5, 1, 0), False),
        ([OpeningHours(6, "22:00", "03:00")], (2026, 7, 6, 1, 0), True),
    ],
)
def test_a_night_belongs_to_the_day_it_began_on(
    hours: list[OpeningHours], local: tuple[int, int, int, int, int], still: bool
) -> None:
    at = datetime(*local, tzinfo=ZoneInfo(VIENNA)).astimezone(UTC)
    assert is_still_yesterday(hours, VIENNA, at) is still


def test_aliases_are_two_or_three_words() -> None:
    for words in (2, 3):
        drawn = {new_alias(words) for _ in range(300)}
        assert {len(alias.split("-")) for alias in drawn} == {words}
        assert len(drawn) > 290
