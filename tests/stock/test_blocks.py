"""Places taken off the sale are claimed by a block, so that they cannot be sold meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from app.core.ids import new_id
from app.core.mongo import DuplicateKeyError
from app.stock.errors import CapacityInUse
from app.stock.models import Missing, Taken
from tests.stock.shop import GA, SEAT, Shop, plan, seats, some


async def test_blocked_places_are_not_sold(store: Shop) -> None:
    event = plan()
    await store.stock.block(event, some(4), new_id("ord"), "capacity lowered")
    await store.stock.block(event, seats(4, 5), new_id("ord"), "seats closed")
    await store.stock.renew(event)
    assert isinstance(await store.take(event, seats(5)), Missing)
    assert isinstance(await store.take(event, some(7)), Missing)
    assert isinstance(await store.take(event, some(6), seats(1, 2, 3)), Taken)
    blocked = await store.stock.blocked(event.event_id)
    assert blocked == {GA: 4, "s/stalls/A/4": 1, "s/stalls/A/5": 1}


async def test_the_same_block_twice_is_one(store: Shop) -> None:
    event, block = plan(), new_id("ord")
    await asyncio.gather(*(store.stock.block(event, some(4), block, "") for _ in range(5)))
    assert await store.stock.blocked(event.event_id) == {GA: 4}


async def test_what_is_held_cannot_be_blocked(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    await store.sell(event, some(7), seats(1))
    with pytest.raises(CapacityInUse):
        await store.stock.block(event, some(4), new_id("ord"), "")
    with pytest.raises(CapacityInUse):
        await store.stock.block(event, seats(2, 1), new_id("ord"), "")
    assert await store.stock.blocked(event.event_id) == {}
    assert (await store.stock.seat_states(event))["s/stalls/A/1"] == "held"


async def test_blocks_race_with_sales_and_nothing_is_both(store: Shop) -> None:
    """The picture does not know of the block yet; the index does."""
    event = plan(places=10)
    await store.stock.renew(event)

    async def sell() -> bool:
        try:
            await store.sell(event, some(1))
        except DuplicateKeyError:
            return False
        return True

    async def block() -> bool:
        try:
            await store.stock.block(event, some(2), new_id("ord"), "")
        except CapacityInUse:
            return False
        return True

    done = await asyncio.gather(*(sell() for _ in range(8)), *(block() for _ in range(3)))
    sold, blocked = sum(done[:8]), 2 * sum(done[8:])
    assert await store.stock.blocked(event.event_id) == ({GA: blocked} if blocked else {})
    assert sold + blocked <= 10
    claims = [unit for claim in await store.claims.load(event.event_id) for unit in claim.units]
    assert len(claims) == len(set(claims)) == sold + blocked


def test_seats_of_a_plan_are_known_by_type() -> None:
    event = plan()
    assert event.type_of("s/stalls/A/1") == SEAT
    assert event.type_of(f"g/{GA}/1") == GA
    with pytest.raises(KeyError):
        event.type_of("s/stalls/A/6")
