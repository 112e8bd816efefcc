"""What a crash stranded is found by the first buyer who would be told that nothing is left."""

from __future__ import annotations

from datetime import timedelta

from app.core.ids import new_id
from app.core.mongo import Database
from app.core.redis import Client
from app.stock.models import Claim, Missing, Plan, Taken
from app.stock.service.repairing import IN_FLIGHT
from tests.stock.shop import GA, SEAT, CountedClaims, Shop, plan, seats, shop, some


async def test_units_taken_and_never_claimed_come_back(store: Shop) -> None:
    """kill -9 between the script and the insert."""
    event = plan(places=2)
    await store.stock.renew(event)
    await store.take(event, some(2), seats(1))
    store.clock.advance(IN_FLIGHT + timedelta(seconds=1))
    assert await store.stock.repair(event)
    assert await store.left(event) == {GA: (2, 0, 0), SEAT: (5, 0, 0)}


async def test_units_on_their_way_are_left_alone(store: Shop) -> None:
    event = plan(places=2)
    await store.stock.renew(event)
    await store.take(event, some(2))
    assert not await store.stock.repair(event)
    assert isinstance(await store.take(event, some(1)), Missing)


async def test_units_released_in_the_database_only_come_back(store: Shop) -> None:
    """kill -9 between the write that ended the order and the release; held and sold alike."""
    event = plan(places=2)
    await store.stock.renew(event)
    held, sold = await store.sell(event, some(1)), await store.sell(event, some(1), seats(4))
    await store.stock.settle(event, sold, [f"g/{GA}/2", "s/stalls/A/4"])
    await store.unclaim(held)
    await store.unclaim(sold)
    store.clock.advance(IN_FLIGHT + timedelta(seconds=1))
    assert await store.stock.repair(event)
    assert await store.left(event) == {GA: (2, 0, 0), SEAT: (5, 0, 0)}


async def test_claimed_units_are_never_freed(store: Shop) -> None:
    event = plan(places=2)
    await store.stock.renew(event)
    await store.sell(event, some(1), seats(1))
    await store.sell(event, some(1), seats(2), status="confirmed")
    store.clock.advance(timedelta(hours=1))
    assert not await store.stock.repair(event)
    assert isinstance(await store.take(event, some(1)), Missing)


async def test_what_is_sold_while_it_looks_is_not_freed(stock_database: Database, redis: Client) -> None:
    """Sold and settled between its two readings: neither free, nor held, nor in the older of them."""

    class SellingMeanwhile(CountedClaims):
        async def load(self, event_id: str) -> list[Claim]:
            claims = await super().load(event_id)
            if self.loads == 2:
                await buy(event)
            return claims

    store = shop(stock_database, redis, claims=SellingMeanwhile(stock_database))
    event = plan(places=1)

    async def buy(event: Plan) -> None:
        order = new_id("ord")
        answer = await store.take(event, seats(1), order_id=order)
        assert isinstance(answer, Taken)
        await store.claim(event, answer.units, order, "confirmed")
        await store.stock.settle(event, order, answer.units)

    await store.stock.renew(event)
    assert isinstance(await store.take(event, some(1)), Taken)  # Under way, which makes it look closely.
    assert not await store.stock.repair(event)
    assert (await store.left(event))[SEAT] == (4, 0, 1)


async def test_a_picture_that_agrees_is_not_read_whole(stock_database: Database, redis: Client) -> None:
    store, event = shop(stock_database, redis), plan(places=1)
    await store.stock.renew(event)
    await store.sell(event, some(1), seats(1))
    loads = store.claims.loads
    assert not await store.stock.repair(event)
    assert store.claims.loads == loads


async def test_without_a_picture_there_is_nothing_to_repair(store: Shop) -> None:
    assert not await store.stock.repair(plan())


async def test_without_redis_there_is_nothing_to_repair(stock_database: Database, away: Client) -> None:
    assert not await shop(stock_database, away).stock.repair(plan())
