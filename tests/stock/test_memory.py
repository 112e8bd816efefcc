"""Redis is away: each process picks from memory, MongoDB decides, and Redis learns of it afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.ids import new_id
from app.core.mongo import Database, DuplicateKeyError
from app.core.redis import Client
from app.stock.models import Missing, Outdated, Plan, Pool, Taken
from tests.stock.shop import GA, SEAT, Shop, plan, seats, shop, some


@pytest.fixture
def alone(stock_database: Database, away: Client) -> Shop:
    return shop(stock_database, away)


async def test_places_and_seats_are_found_in_memory(alone: Shop) -> None:
    event = plan()
    answer = await alone.take(event, some(3), seats(1, 2))
    assert isinstance(answer, Taken)
    assert answer.from_memory
    assert len(set(answer.units)) == 5
    assert await alone.left(event) == {GA: (7, 0, 3), SEAT: (3, 0, 2)}


async def test_all_or_none(alone: Shop) -> None:
    event = plan(places=3)
    assert isinstance(await alone.take(event, seats(1), some(4)), Missing)
    assert isinstance(await alone.take(event, some(3), seats(1)), Taken)
    assert isinstance(await alone.take(event, seats(1)), Missing)
    assert isinstance(await alone.take(event, some(1)), Missing)


async def test_what_is_claimed_is_known(alone: Shop) -> None:
    event = plan(places=2)
    await alone.claim(event, [f"g/{GA}/1", "s/stalls/A/1"], new_id("ord"))
    answer = await alone.take(event, some(1))
    assert isinstance(answer, Taken)
    assert answer.units == (f"g/{GA}/2",)
    assert isinstance(await alone.take(event, seats(1)), Missing)
    states = await alone.stock.seat_states(event)
    assert [states[f"s/stalls/A/{n}"] for n in (1, 2)] == ["held", "available"]


async def test_two_processes_may_pick_alike_and_one_gets_it(
    alone: Shop, stock_database: Database, away: Client
) -> None:
    other = shop(stock_database, away)
    event = plan(places=1)
    first, second = await alone.take(event, some(1)), await other.take(event, some(1))
    assert first == second
    assert isinstance(first, Taken)
    await alone.claim(event, first.units, new_id("ord"))
    with pytest.raises(DuplicateKeyError):
        await other.claim(event, first.units, new_id("ord"))
    other.stock.struck(event, first.units)
    assert isinstance(await other.take(event, some(1)), Missing)


async def test_returned_units_are_sold_again(alone: Shop) -> None:
    event = plan(places=1)
    order = await alone.sell(event, some(1))
    assert isinstance(await alone.take(event, some(1)), Missing)
    await alone.end(event, order)
    assert isinstance(await alone.take(event, some(1)), Taken)


async def test_overdue_holds_are_named(alone: Shop) -> None:
    event = plan(places=1)
    order = await alone.sell(event, some(1), seats(1))
    past = alone.clock.now() - timedelta(seconds=1)
    await alone.database["orders"].update_one({"_id": order}, {"$set": {"deadline": past}})
    alone.stock._memory.clear()
    for want in (some(1), seats(1)):
        answer = await alone.take(event, want)
        assert isinstance(answer, Missing)
        assert answer.overdue == (order,)


async def test_another_version_is_read_again(alone: Shop) -> None:
    event = plan(version=2)
    assert isinstance(await alone.take(event, some(1)), Taken)
    older = plan(version=1, event_id=event.event_id)
    assert await alone.take(older, some(1)) == Outdated()


async def test_redis_learns_what_was_sold_past_it(
    store: Shop, stock_database: Database, redis: Client
) -> None:
    """Its picture outlived the pause, so nothing else would tell it."""
    event = plan(places=2)
    await store.stock.renew(event)
    past = await store.stock.take_from_memory(event, [some(1)], store.hold())
    assert isinstance(past, Taken)
    await store.claim(event, past.units, new_id("ord"), "confirmed")
    await store.stock.heal()
    assert (await store.left(event))[GA] == (1, 0, 1)


async def test_renewing_and_dropping_do_not_fail(alone: Shop) -> None:
    event = plan()
    await alone.stock.renew(event)
    await alone.stock.suspect(event)
    await alone.stock.drop(event.event_id)
    await alone.stock.settle(event, new_id("ord"), [f"g/{GA}/1"])
    await alone.stock.release(event, [new_id("ord")], [f"g/{GA}/1"])


async def test_units_come_in_the_order_of_the_wants(alone: Shop) -> None:
    """Tickets are issued along the items of an order, so its units must lie in the same order."""
    answer = await alone.take(plan(), some(2), seats(3, 1))
    assert isinstance(answer, Taken)
    assert [unit[0] for unit in answer.units] == ["g", "g", "s", "s"]
    assert answer.units[2:] == ("s/stalls/A/3", "s/stalls/A/1")


async def test_units_of_a_later_version_do_not_confuse_an_old_picture(alone: Shop) -> None:
    """Redis was away once, and the event has grown since: the picture of then is still there."""
    event = plan()
    assert isinstance(await alone.take(event, some(1)), Taken)
    grown = Plan.of(event.event_id, event.version + 1, (*event.pools, Pool("tt_new", 5)))
    alone.stock.struck(grown, ["g/tt_new/1", "s/stalls/B/1"])
    await alone.stock.release(grown, ["ord_x"], ["g/tt_new/1"])
