"""The picture is made anew from the claims: after a flush, by one process at a time, without a gap."""

from __future__ import annotations

import asyncio

from app.core.ids import new_id
from app.core.mongo import Database
from app.core.redis import Breaker, Client
from app.stock.models import Missing, Outdated, Taken
from app.stock.repository.picture import Picture
from app.stock.service import Stock
from tests.stock.shop import GA, SEAT, Shop, plan, seats, shop, some


async def forget(store: Shop, event_id: str) -> None:
    """What a flush leaves of one event. Other tests share this Redis."""
    names = [name async for name in store.redis.scan_iter(match=f"stock:{{{event_id}}}:*")]
    await store.redis.delete(*names)


async def test_a_flushed_picture_comes_back_as_it_was(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    await store.sell(event, some(2), seats(1))
    await store.sell(event, some(1), seats(5), status="confirmed")
    first = await store.sell(event, some(3))
    await store.sell(event, some(1))
    await store.end(event, first)
    await forget(store, event.event_id)
    assert await store.take(event, some(1)) == Outdated()
    await store.stock.renew(event)
    assert await store.left(event) == {GA: (6, 3, 1), SEAT: (3, 1, 1)}
    taken = await store.take(event, some(6), seats(2, 3, 4))
    assert isinstance(taken, Taken)
    assert isinstance(await store.take(event, some(1)), Missing)


async def test_overdue_holds_are_known_after_a_rebuild(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    order = await store.sell(event, seats(1))
    past = store.clock.now()
    await store.database["orders"].update_one({"_id": order}, {"$set": {"deadline": past}})
    await forget(store, event.event_id)
    await store.stock.renew(event)
    answer = await store.take(event, seats(1))
    assert isinstance(answer, Missing)
    assert answer.overdue == (order,)


async def test_opened_orders_are_not_shown_as_overdue(store: Shop) -> None:
    """Only their provider's word ends them."""
    event = plan()
    await store.stock.renew(event)
    order = await store.sell(event, seats(1))
    change = {"deadline": store.clock.now(), "payment": {"opened": store.clock.now()}}
    await store.database["orders"].update_one({"_id": order}, {"$set": change})
    await forget(store, event.event_id)
    await store.stock.renew(event)
    answer = await store.take(event, seats(1))
    assert isinstance(answer, Missing)
    assert answer.overdue == ()


async def test_twenty_who_miss_it_build_it_once(store: Shop, stock_database: Database, redis: Client) -> None:
    """In two processes."""
    other = shop(stock_database, redis)
    event = plan()
    await store.claim(event, [f"g/{GA}/1"], new_id("ord"))
    await asyncio.gather(*(s.stock.renew(event) for s in (store, other) for _ in range(10)))
    assert store.claims.loads + other.claims.loads == 1
    assert (await store.left(event))[GA] == (9, 1, 0)


async def test_a_builder_that_lost_its_lock_changes_nothing(store: Shop) -> None:
    """It slept for longer than the lock lasts, and somebody else built and sold meanwhile."""
    event = plan()
    late = await store.picture.lock(event.event_id)
    assert late is not None
    read = await store.claims.load(event.event_id)
    await store.redis.delete(f"stock:{{{event.event_id}}}:lock")
    await store.stock.renew(event)
    await store.sell(event, some(4))
    assert not await store.picture.build(event, read, *late)
    assert (await store.left(event))[GA] == (6, 4, 0)


async def test_a_flush_in_the_middle_of_a_build_starts_it_again(store: Shop) -> None:
    event = plan()
    flushed = False
    load = store.claims.load

    async def load_and_flush(event_id: str) -> object:
        nonlocal flushed
        claims = await load(event_id)
        if not flushed:
            flushed = True
            await forget(store, event_id)
        return claims

    store.claims.load = load_and_flush  # type: ignore[method-assign, assignment]
    await store.stock.renew(event)
    assert (await store.left(event))[GA] == (10, 0, 0)


async def test_a_redis_that_dies_while_building_is_no_error(store: Shop, away: Client) -> None:
    """The lock was won, then nothing answers any more: the sale goes on from memory."""
    event = plan()

    class Dying(Picture):
        async def lock(self, event_id: str) -> tuple[str, int] | None:
            self._redis = away
            return "token", 0

    stock = Stock(store.picture, Dying(store.redis), store.claims, Breaker(), store.clock)
    await stock.renew(event)


async def test_a_suspect_picture_is_rebuilt(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    await store.claim(event, ["s/stalls/A/1"], new_id("ord"), "confirmed")
    assert isinstance(await store.take(event, seats(1)), Taken)
    await store.stock.suspect(event)
    assert isinstance(await store.take(event, seats(1)), Missing)
    assert (await store.left(event))[SEAT] == (4, 0, 1)


async def test_suspicion_rebuilds_twice_a_second_at_most(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    before = store.claims.loads
    await asyncio.gather(*(store.stock.suspect(event) for _ in range(20)))
    assert store.claims.loads == before + 1


async def test_a_picture_of_fifty_thousand_seats(store: Shop) -> None:
    event = plan(places=1, seats=50_000)
    await store.stock.renew(event)
    assert isinstance(await store.take(event, seats(1, 25_000, 50_000)), Taken)
    assert (await store.left(event))[SEAT] == (49_997, 3, 0)


async def test_a_cancelled_event_has_no_picture(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    await store.stock.drop(event.event_id)
    assert await store.take(event, some(1)) == Outdated()
