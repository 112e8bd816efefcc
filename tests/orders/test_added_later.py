"""What is put on sale later, while a worker remembers the event as it was before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.orders.house import House, Json, open_house, places, standing

Seating = dict[str, list[Json]]
SEATS: Seating = {
    "sections": [{"name": "stalls", "ticket_type": "Stalls", "rows": [{"name": "A", "seats": 2}]}]
}


@pytest.fixture
async def worker(house: House, mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with open_house(mongo_url, redis_url, database=house.database.name) as other:
        yield other


async def _extended(house: House, worker: House) -> Json:
    """The worker knows the event without what was added to it."""
    event = await house.event(**standing(5))
    await worker.sales.catalogue.fresh(event["id"])
    kinds = [{"id": event["ticket_types"][0]["id"]}, {"name": "Late", "price": 500, "capacity": 3}]
    kinds.append({"name": "Stalls", "price": 900})
    return await house.change(event, ticket_types=kinds, seating=SEATS)


async def test_a_place_of_a_type_added_later_counts_as_sold_when_it_is_paid(
    house: House, worker: House
) -> None:
    event = await _extended(house, worker)
    order = await house.book(event, places(event, 2, "Late"), {"seat_id": "stalls/A/1"})

    await house.visit(order, "paid")
    await worker.settle(order)

    left = await house.availability(event)
    assert (left["Late"], left["Stalls"]) == ((1, 0, 2), (1, 0, 1))


async def test_a_place_of_a_type_added_later_comes_free_when_its_hold_ends(
    house: House, worker: House
) -> None:
    event = await _extended(house, worker)
    order = await house.book(event, places(event, 2, "Late"), {"seat_id": "stalls/A/1"})

    await house.let_time_pass(order)
    await worker.sales.expiry.sweep()

    left = await house.availability(event)
    assert (left["Late"], left["Stalls"]) == ((3, 0, 0), (2, 0, 0))
