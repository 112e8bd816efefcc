"""Numbers: unique, restarting with the line's own day, whatever the clocks there and Redis do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core.mongo import Database
from app.queues.models import Contact, Token
from app.queues.repository.tokens import ContactInLine, PlaceTaken
from tests.queues.corner import Corner, a_corner, a_service


@pytest.fixture
async def corner(database: Database, redis_url: str) -> AsyncIterator[Corner]:
    async with a_corner(database, redis_url) as opened:
        yield opened


def local(zone: str, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


async def test_many_at_once_through_two_processes_get_each_number_once(corner: Corner) -> None:
    service = a_service()
    numbers = await asyncio.gather(*(corner.number(service, by=corner.others[i % 2]) for i in range(60)))
    assert sorted(numbers) == list(range(1, 61))


async def test_they_restart_at_midnight_of_the_line(corner: Corner) -> None:
    service = a_service("America/New_York")
    corner.clock.at = local("America/New_York", 2026, 7, 1, 23, 59)
    assert [await corner.number(service) for _ in range(2)] == [1, 2]
    await ended(corner)
    corner.clock.advance(timedelta(minutes=2))
    assert await corner.number(service) == 1


async def test_each_line_has_its_own(corner: Corner) -> None:
    assert [await corner.number(service) for service in (a_service(), a_service())] == [1, 1]


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        # Clocks go forward at 2, and back at 3: the day has 23 hours, or 25.
        ("Europe/Vienna", (2026, 3, 29, 1, 59), (2026, 3, 29, 3, 0)),
        ("Europe/Vienna", (2026, 10, 25, 2, 30), (2026, 10, 25, 23, 59)),
        # Back at midnight: the last hour of the day comes twice.
        ("America/Santiago", (2026, 4, 4, 23, 30), (2026, 4, 4, 23, 30)),
    ],
)
async def test_a_change_of_clocks_within_a_day_restarts_nothing(
    corner: Corner, zone: str, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    service = a_service(zone)
    corner.clock.at = local(zone, *before)
    assert await corner.number(service) == 1
    corner.clock.at = local(zone, *after, fold=1)
    assert corner.clock.at > local(zone, *before)
    assert await corner.number(service) == 2


@pytest.mark.parametrize(
    ("zone", "evening"),
    [
        ("Europe/Vienna", (2026, 3, 28, 23, 59)),
        ("Europe/Vienna", (2026, 10, 24, 23, 59)),
        ("Europe/Vienna", (2026, 3, 29, 23, 59)),
        ("Europe/Vienna", (2026, 10, 25, 23, 59)),
        # Forward at midnight: the day begins at one.
        ("America/Santiago", (2026, 9, 5, 23, 59)),
        ("America/Santiago", (2026, 4, 4, 23, 59)),
    ],
)
async def test_the_nights_around_a_change_of_clocks_restart_once(
    corner: Corner, zone: str, evening: tuple[int, ...]
) -> None:
    service = a_service(zone)
    corner.clock.at = local(zone, *evening, fold=1)
    assert [await corner.number(service) for _ in range(2)] == [1, 2]
    await ended(corner)
    for expected in (1, 2):
        corner.clock.advance(timedelta(minutes=1))
        assert await corner.number(service) == expected


async def test_numbers_of_those_carried_over_a_night_are_skipped(corner: Corner) -> None:
    service = a_service()
    for _ in range(5):
        await corner.number(service)
    await ended(corner, numbers=(1, 4))
    corner.clock.advance(timedelta(days=1))
    assert [await corner.number(service) for _ in range(3)] == [1, 4, 6]
    days = corner.database["tokens"].find({"service_id": service.id}, {"day": 1, "number": 1})
    seen = [(token["day"], token["number"]) async for token in days]
    assert len(set(seen)) == len(seen) == 8


async def test_a_carried_over_night_and_a_flush(corner: Corner) -> None:
    service = a_service()
    for _ in range(4):
        await corner.number(service)
    await ended(corner, numbers=(2,))
    corner.clock.advance(timedelta(days=1))
    assert await corner.number(service) == 2
    await corner.lose_counters(service)
    assert [await corner.number(service) for _ in range(2)] == [5, 6]


async def test_after_a_flush_counting_goes_on_from_the_highest(corner: Corner) -> None:
    service = a_service()
    for _ in range(7):
        await corner.number(service)
    await corner.lose_counters(service)
    numbers = await asyncio.gather(*(corner.number(service) for _ in range(10)))
    assert sorted(numbers) == list(range(8, 18))


async def test_without_the_indexes_a_flush_gives_numbers_twice(corner: Corner) -> None:
    """The positive control of the test above."""
    service = a_service()
    await corner.number(service)
    for index in ("number", "live_number"):
        await corner.database["tokens"].drop_index(index)
    await corner.lose_counters(service)
    assert await corner.number(service) == 1


async def test_without_redis_two_processes_count_in_the_database(database: Database, redis_url: str) -> None:
    async with a_corner(database, redis_url, redis_away=True) as corner:
        service = a_service()
        numbers = await asyncio.gather(*(corner.number(service, by=corner.others[i % 2]) for i in range(20)))
        assert len(set(numbers)) == 20
        assert min(numbers) == 1


async def test_a_number_that_nobody_took_is_given_to_the_next(corner: Corner) -> None:
    service, somebody = a_service(), Contact(phone="+436601234567")
    assert isinstance(await corner.enter(service, contact=somebody), Token)
    assert isinstance(await corner.enter(service, contact=somebody), ContactInLine)
    assert await corner.number(service) == 2


async def test_a_place_of_the_capacity_is_one_tokens(corner: Corner) -> None:
    service = a_service()
    first = await corner.enter(service, place=0)
    assert isinstance(first, Token)
    assert await corner.enter(service, place=0) == PlaceTaken(0)
    await corner.end(first)
    assert isinstance(await corner.enter(service, place=0), Token)


async def test_an_alias_of_somebody_in_line_becomes_another(corner: Corner) -> None:
    service = a_service()
    first = await corner.enter(service, alias="brave-otter")
    second = await corner.enter(service, alias="Brave Otter")
    assert isinstance(first, Token)
    assert isinstance(second, Token)
    assert first.alias == "brave-otter"
    assert len(second.alias.split("-")) == 3
    assert second.number == 2
    await corner.end(first)
    third = await corner.enter(service, alias="brave-otter")
    assert isinstance(third, Token)
    assert third.alias == "brave-otter"


async def ended(corner: Corner, numbers: tuple[int, ...] | None = None) -> None:
    """Those with these numbers leave; all of them where none are named."""
    found = await corner.database["tokens"].find({"status": "waiting"}, {"number": 1}).to_list(None)
    for document in found:
        if numbers is None or document["number"] in numbers:
            token = await corner.tokens.find(document["_id"])
            assert token is not None
            await corner.end(token)
