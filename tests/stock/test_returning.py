"""Giving units back: exactly once, whoever says it how often, and whatever else is going on."""

from __future__ import annotations

import asyncio

from app.core.ids import new_id
from app.stock.models import Missing, Taken
from tests.stock.shop import GA, SEAT, Shop, plan, seats, some


async def test_a_release_said_twice_is_one(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    order = await store.sell(event, some(2), seats(1))
    units = await store.unclaim(order)
    await asyncio.gather(*(store.stock.release(event, [order], units) for _ in range(5)))
    assert await store.left(event) == {GA: (10, 0, 0), SEAT: (5, 0, 0)}


async def test_a_late_release_leaves_the_next_owner_alone(store: Shop) -> None:
    """The unit was sold again before a slow process said that it came free."""
    event = plan(places=1)
    await store.stock.renew(event)
    first = await store.sell(event, some(1), seats(1))
    units = await store.unclaim(first)
    await store.stock.release(event, [first], units)
    await store.sell(event, some(1), seats(1))
    await store.stock.release(event, [first], units)
    assert await store.left(event) == {GA: (0, 1, 0), SEAT: (4, 1, 0)}
    assert isinstance(await store.take(event, some(1)), Missing)


async def test_sold_units_leave_the_held_and_come_back_when_cancelled(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    order = await store.sell(event, some(2))
    units = [f"g/{GA}/1", f"g/{GA}/2"]
    await store.stock.settle(event, order, units)
    assert (await store.left(event))[GA] == (8, 0, 2)
    await store.stock.settle(event, order, units)
    await store.end(event, order)
    assert (await store.left(event))[GA] == (10, 0, 0)


async def test_settling_what_another_holds_changes_nothing(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    await store.sell(event, seats(1))
    await store.stock.settle(event, new_id("ord"), ["s/stalls/A/1"])
    assert (await store.left(event))[SEAT] == (4, 1, 0)


async def test_a_release_during_a_rebuild_is_kept(store: Shop) -> None:
    """The rebuild read the claim before it was dropped; the diary knows better."""
    event = plan()
    await store.stock.renew(event)
    order = await store.sell(event, some(2), seats(2))
    await store.redis.delete(f"stock:{{{event.event_id}}}:meta")
    locked = await store.picture.lock(event.event_id)
    assert locked is not None
    read = await store.claims.load(event.event_id)
    await store.end(event, order)
    assert await store.picture.build(event, read, *locked)
    assert await store.left(event) == {GA: (10, 0, 0), SEAT: (5, 0, 0)}
    assert isinstance(await store.take(event, some(10), seats(1, 2, 3, 4, 5)), Taken)


async def test_the_diary_frees_nothing_released_before_the_rebuild_began(store: Shop) -> None:
    """Released, sold again, and only then read: the old page must not be turned back to."""
    event = plan()
    await store.stock.renew(event)
    await store.end(event, await store.sell(event, seats(2)))
    await store.sell(event, seats(2))
    await asyncio.sleep(0.01)
    await store.redis.delete(f"stock:{{{event.event_id}}}:meta")
    await store.stock.renew(event)
    assert (await store.left(event))[SEAT] == (4, 1, 0)


async def test_units_the_event_never_made_are_left_out(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    await store.stock.release(
        event, [new_id("ord")], ["s/stalls/Z/1", "s/balcony/A/1", "g/tt_other/1", f"g/{GA}/2"]
    )
    assert await store.left(event) == {GA: (10, 0, 0), SEAT: (5, 0, 0)}
