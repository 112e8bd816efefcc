"""An event is changed while another process, API or worker, remembers it as it was before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.orders.house import House, Json, open_house, places, problem, standing

Seating = dict[str, list[Json]]
SEATS: Seating = {
    "sections": [{"name": "stalls", "ticket_type": "Stalls", "rows": [{"name": "A", "seats": 2}]}]
}

KINDS: list[Json] = [
    {"name": "Free", "price": 0, "capacity": 5},
    {"name": "Dear", "price": 2500, "capacity": 5},
]
LATE: Json = {"name": "Late", "price": 500, "capacity": 3}


@pytest.fixture
async def other(house: House, mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with open_house(mongo_url, redis_url, database=house.database.name) as second:
        yield second


async def _extended(house: House, other: House) -> Json:
    """The other process knows the event without what was added to it."""
    event = await house.event(**standing(5))
    await other.sales.catalogue.fresh(event["id"])
    kinds = [{"id": event["ticket_types"][0]["id"]}, LATE]
    kinds.append({"name": "Stalls", "price": 900})
    return await house.change(event, ticket_types=kinds, seating=SEATS)


async def test_a_place_of_a_type_added_later_counts_as_sold_when_it_is_paid(
    house: House, other: House
) -> None:
    event = await _extended(house, other)
    order = await house.book(event, places(event, 2, "Late"), {"seat_id": "stalls/A/1"})

    await house.visit(order, "paid")
    await other.settle(order)

    left = await house.availability(event)
    assert (left["Late"], left["Stalls"]) == ((1, 0, 2), (1, 0, 1))


async def test_a_place_of_a_type_added_later_comes_free_when_its_hold_ends(
    house: House, other: House
) -> None:
    event = await _extended(house, other)
    order = await house.book(event, places(event, 2, "Late"), {"seat_id": "stalls/A/1"})

    await house.let_time_pass(order)
    await other.sales.expiry.sweep()

    left = await house.availability(event)
    assert (left["Late"], left["Stalls"]) == ((3, 0, 0), (2, 0, 0))


async def _known_as_before(house: House, other: House, **changes: Any) -> Json:
    """Changed in one process, while another has sold the event as it was."""
    event = await house.event(ticket_types=KINDS, seating=None, max_per_customer=1)
    await other.book(event, places(event, 1, "Free"))
    return await house.change(event, **changes)


async def test_a_process_that_knew_the_event_before_sells_what_is_new(house: House, other: House) -> None:
    event = await _known_as_before(house, other, ticket_types=[*KINDS, LATE], max_per_customer=3)

    for items in (places(event, 1, "Late"), places(event, 3, "Free")):
        assert (await other.try_book(event, [items])).status_code == 201


async def test_what_was_free_is_not_given_away_nor_sold_by_nobody(house: House, other: House) -> None:
    event = await _known_as_before(house, other, ticket_types=[{"name": "Free", "price": 700}, KINDS[1]])

    for provider in (None, "nobody"):
        answer = await other.try_book(event, [places(event, 1, "Free")], provider=provider)
        assert problem(answer) == (422, "invalid")

    assert (await house.availability(event))["Free"] == (4, 0, 1)


async def test_what_became_free_needs_no_provider(house: House, other: House) -> None:
    event = await _known_as_before(house, other, ticket_types=[KINDS[0], {"name": "Dear", "price": 0}])

    order = await other.book(event, places(event, 1, "Dear"), provider=None)

    assert order["status"] == "confirmed"
