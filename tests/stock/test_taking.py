"""The script that takes units: all or none, each once."""

from __future__ import annotations

import asyncio
from collections import Counter

from app.core.ids import new_id
from app.stock.models import InProgress, Limited, Missing, Outdated, Taken
from tests.stock.shop import GA, SEAT, Shop, plan, seats, some


async def test_places_and_seats_in_one_go(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    answer = await store.take(event, some(2), seats(3, 1))
    assert answer == Taken((f"g/{GA}/1", f"g/{GA}/2", "s/stalls/A/3", "s/stalls/A/1"))
    assert await store.left(event) == {GA: (8, 2, 0), SEAT: (3, 2, 0)}


async def test_none_when_one_pool_lacks(store: Shop) -> None:
    event = plan(places=3)
    await store.stock.renew(event)
    await store.sell(event, seats(2))
    before = await store.left(event)
    assert isinstance(await store.take(event, some(2), seats(1, 2)), Missing)
    assert isinstance(await store.take(event, seats(1), some(4)), Missing)
    assert await store.left(event) == before


async def test_a_refusal_names_what_is_missing(store: Shop) -> None:
    event = plan(places=1)
    await store.stock.renew(event)
    await store.sell(event, seats(2))
    seat_taken = await store.take(event, seats(2))
    sold_out = await store.take(event, some(2))
    assert isinstance(seat_taken, Missing)
    assert isinstance(sold_out, Missing)
    assert (seat_taken.seat, seat_taken.ticket_type_id) == ("s/stalls/A/2", "")
    assert (sold_out.seat, sold_out.ticket_type_id) == ("", GA)


async def test_a_hundred_at_once_take_each_unit_once(store: Shop) -> None:
    event = plan(places=100)
    await store.stock.renew(event)
    answers = await asyncio.gather(*(store.take(event, some(3)) for _ in range(100)))
    units = Counter(unit for answer in answers if isinstance(answer, Taken) for unit in answer.units)
    assert len(units) == 99
    assert set(units.values()) == {1}


async def test_returned_places_are_sold_before_new_ones(store: Shop) -> None:
    """Numbers that were never used stay so: the picture of a half-sold event is small."""
    event = plan(places=5)
    await store.stock.renew(event)
    first = await store.sell(event, some(2))
    await store.sell(event, some(1))
    await store.end(event, first)
    answer = await store.take(event, some(3))
    assert isinstance(answer, Taken)
    assert sorted(answer.units) == [f"g/{GA}/1", f"g/{GA}/2", f"g/{GA}/4"]


async def test_an_order_may_take_its_own_seat_again(store: Shop) -> None:
    """Two workers may revive one order."""
    event = plan()
    await store.stock.renew(event)
    order = new_id("ord")
    first = await store.take(event, seats(1, 2), order_id=order)
    assert await store.take(event, seats(1, 2), order_id=order) == first
    assert isinstance(await store.take(event, seats(1)), Missing)
    assert (await store.left(event))[SEAT] == (3, 2, 0)


async def test_without_a_picture_nothing_is_proposed(store: Shop) -> None:
    event = plan()
    assert await store.take(event, some(1)) == Outdated()
    await store.stock.renew(event)
    await store.redis.delete(f"stock:{{{event.event_id}}}:meta")
    assert await store.take(event, some(1)) == Outdated()


async def test_another_version_proposes_nothing(store: Shop) -> None:
    event = plan(version=3)
    await store.stock.renew(event)
    for other in (2, 4):
        stale = plan(version=other, event_id=event.event_id)
        assert await store.take(stale, some(1)) == Outdated()
    assert isinstance(await store.take(event, some(1)), Taken)


async def test_an_old_plan_cannot_put_the_picture_back(store: Shop) -> None:
    event = plan(version=3)
    await store.stock.renew(event)
    await store.stock.renew(plan(version=2, event_id=event.event_id))
    assert isinstance(await store.take(event, some(1)), Taken)


async def test_one_key_is_worked_on_once_at_a_time(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    order = new_id("ord")
    assert isinstance(await store.take(event, some(1), order_id=order, mark="ann|k"), Taken)
    assert await store.take(event, some(1), mark="ann|k") == InProgress()
    assert isinstance(await store.take(event, some(1), mark="bob|k"), Taken)
    again = await store.take(event, some(1), order_id=order, mark="ann|k")
    assert isinstance(again, Taken), "the same attempt may ask again"
    assert (await store.left(event))[GA] == (7, 3, 0)


async def test_a_refusal_and_a_return_take_the_mark_away(store: Shop) -> None:
    event = plan(places=1)
    await store.stock.renew(event)
    assert isinstance(await store.take(event, some(2), mark="ann|k"), Missing)
    order = new_id("ord")
    taken = await store.take(event, some(1), order_id=order, mark="ann|k")
    assert isinstance(taken, Taken)
    await store.stock.release(event, [order], taken.units, mark="ann|k")
    assert isinstance(await store.take(event, some(1), mark="ann|k"), Taken)


async def test_the_window_counts_each_caller_apart(store: Shop) -> None:
    event = plan(places=100)
    await store.stock.renew(event)
    answers = [await store.take(event, some(1), window="ann", window_limit=3) for _ in range(5)]
    assert [isinstance(answer, Taken) for answer in answers] == [True, True, True, False, False]
    assert isinstance(answers[-1], Limited)
    assert 0 < answers[-1].retry_after <= 60
    assert isinstance(await store.take(event, some(1), window="bob", window_limit=3), Taken)
    assert (await store.left(event))[GA] == (96, 4, 0)


async def test_time_frees_nothing_but_names_who_is_overdue(store: Shop) -> None:
    event = plan(places=2)
    await store.stock.renew(event)
    late = await store.sell(event, some(1), seats(1), seconds=-1)
    await store.sell(event, some(1))
    answer = await store.take(event, some(1))
    assert isinstance(answer, Missing)
    assert answer.overdue == (late,)
    assert (await store.left(event))[GA] == (0, 2, 0)


async def test_an_overdue_order_is_shown_to_one_caller(store: Shop) -> None:
    event = plan()
    await store.stock.renew(event)
    late = await store.sell(event, seats(1), seconds=-1)
    answers = [await store.take(event, seats(1)) for _ in range(3)]
    assert [a.overdue for a in answers if isinstance(a, Missing)] == [(late,), (), ()]


async def test_one_caller_a_second_is_told_to_look_into_the_database(store: Shop) -> None:
    event = plan(places=1)
    await store.stock.renew(event)
    await store.sell(event, some(1))
    answers = [await store.take(event, some(1)) for _ in range(5)]
    assert [a.check for a in answers if isinstance(a, Missing)] == [True, False, False, False, False]
