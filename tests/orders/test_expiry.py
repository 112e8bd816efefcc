"""After its deadline a hold confers nothing, and its places are on sale again at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from app.payments.providers.sandbox.faults import Faults
from tests.orders.house import House, places, problem, seat, standing


async def test_places_are_sold_on_the_very_next_request(house: House) -> None:
    """Every worker is dead: nobody sweeps in these tests."""
    event = await house.event(**standing(4))
    overdue = [await house.book(event, places(event, 2)) for _ in range(2)]
    assert problem(await house.try_book(event, [places(event, 3)])) == (409, "sold_out")
    for order in overdue:
        await house.let_time_pass(order)
    await asyncio.sleep(0.11)  # As long as a process remembers that it said sold out.
    await house.book(event, places(event, 3))
    assert (await house.availability(event))["Standing"] == (1, 3, 0)
    for order in overdue:
        assert (await house.show(order))["status"] == "expired"


async def test_a_seat_is_sold_on_the_very_next_request(house: House) -> None:
    event = await house.event()
    overdue = await house.book(event, seat(1), seat(2))
    assert problem(await house.try_book(event, [seat(2)])) == (409, "seat_taken")
    await house.let_time_pass(overdue)
    await house.book(event, seat(2), seat(3))
    assert (await house.availability(event))["Seat"] == (3, 2, 0)


async def test_after_a_flush_too(house: House) -> None:
    event = await house.event(**standing(1))
    overdue = await house.book(event)
    await house.let_time_pass(overdue)
    names = [
        name async for name in house.services.engines.redis.scan_iter(match=f"stock:{{{event['id']}}}:*")
    ]
    await house.services.engines.redis.delete(*names)
    await house.book(event)


async def test_without_redis_too(house: House) -> None:
    event = await house.event()
    overdue = await house.book(event, places(event, 5), seat(1))
    await house.let_time_pass(overdue)
    stock = house.sales.stock
    take = stock.take
    stock.take = stock.take_from_memory  # type: ignore[method-assign]
    try:
        await house.book(event, seat(1))
        await house.book(event, places(event, 10))
    finally:
        stock.take = take  # type: ignore[method-assign]
    await stock.heal()
    assert await house.availability(event) == {"Standing": (0, 10, 0), "Seat": (4, 1, 0)}


async def test_never_opened_ends_in_one_write_with_its_history_and_news(house: House) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2), seat(1))
    before = await house.document(order)
    await house.let_time_pass(order)
    await house.sales.expiry.sweep()
    after = await house.document(order)
    assert (after["status"], after["version"]) == ("expired", before["version"] + 1)
    assert after["history"][-1]["from"] == "pending"
    assert after["history"][-1]["to"] == "expired"
    assert not {"claims", "limits", "deadline"} & after.keys()
    assert after["units"] == before["units"]
    told = after["outbox"][len(before["outbox"]) :]
    assert [entry["type"] for entry in told] == ["order.expired", "tickets.unlocked"]
    assert {entry["version"] for entry in told} == {after["version"]}
    assert {entry["key"] for entry in told} == {order["id"]}
    ids = [entry["id"] for entry in after["outbox"]]
    assert len(set(ids)) == len(ids)


async def test_a_batch_writes_each_orders_own_values(house: House) -> None:
    event = await house.event(**standing(60))
    orders = [await house.book(event, places(event, 1 + n % 3)) for n in range(20)]
    for order in orders:
        await house.let_time_pass(order)
    await asyncio.gather(*(house.sales.expiry.sweep() for _ in range(4)))
    for order in orders:
        document = await house.document(order)
        assert document["status"] == "expired"
        assert [entry["to"] for entry in document["history"]] == ["pending", "expired"]
        told = [entry for entry in document["outbox"] if entry["type"] == "tickets.unlocked"]
        assert [entry["data"]["units"] for entry in told] == [order["units"]]
        assert told[0]["data"]["order_id"] == order["id"]
    assert (await house.availability(event))["Standing"] == (60, 0, 0)


async def test_orders_without_a_deadline_are_never_overdue(house: House) -> None:
    paid = await house.pay(await house.book(await house.event()))
    event = await house.event(**standing(1, price=0))
    free = await house.book(event, provider=None)
    await house.sales.expiry.sweep()
    assert not await house.sales.expiry.end_overdue([paid["id"], free["id"]])
    for order in (paid, free):
        assert (await house.show(order))["status"] == "confirmed"


async def test_an_opened_order_waits_behind_the_fence(house: House) -> None:
    event = await house.event()
    order = await house.book(event, seat(1))
    await house.visit(order)
    await house.sandbox.set_faults(Faults(lose=1.0, unavailable=True), await house.ref(order))
    await house.let_time_pass(order)
    await house.end_opened(order)
    held = await house.document(order)
    assert (held["status"], held["claims"]) == ("expiring", ["s/stalls/A/1"])
    assert problem(await house.try_book(event, [seat(1)])) == (409, "seat_taken")
    await house.sandbox.set_faults(None, await house.ref(order))
    await house.sandbox.set_faults(Faults(lose=1.0))
    await house.end_opened(order)
    ended = await house.show(order)
    assert [entry["to"] for entry in ended["history"]] == ["pending", "pending", "expiring", "expired"]
    assert (await house.charge(order))["state"] == "closed"
    await house.book(event, seat(1))


async def test_paid_in_time_and_told_late_is_sold(house: House) -> None:
    event = await house.event()
    order = await house.book(event, seat(1))
    await house.visit(order, "paid")
    await house.let_time_pass(order)
    await house.end_opened(order)
    shown = await house.show(order)
    assert [entry["to"] for entry in shown["history"]] == ["pending", "pending", "expiring", "confirmed"]
    assert (await house.availability(event))["Seat"] == (4, 0, 1)


async def test_dead_between_opening_and_asking_the_provider(house: House) -> None:
    """Opened says the order, but no attempt was recorded: it is closed without the provider's help."""
    event = await house.event()
    order = await house.book(event, seat(1))
    opened = {
        "$set": {"payment.opened": datetime.now(UTC), "check_at": datetime.now(UTC)},
        "$inc": {"version": 1},
    }
    await house.database["orders"].update_one({"_id": order["id"]}, opened)
    await house.let_time_pass(order)
    await house.end_opened(order)
    assert (await house.document(order))["status"] == "expired"
    assert (await house.payment(order))["status"] == "closed"
    assert await house.database["sandbox_ledger"].find_one({"order_id": order["id"]}) is None


async def test_dead_between_asking_the_provider_and_keeping_its_answer(house: House) -> None:
    """Asked again under the same key, the provider names the session it made, and closes it."""
    event = await house.event()
    order = await house.book(event, seat(1))
    await house.visit(order)
    forgotten: dict[str, Any] = {"status": "opening", "ref": None, "url": None}
    await house.database["payments"].update_one({"order_id": order["id"]}, {"$set": forgotten})
    await house.let_time_pass(order)
    await house.end_opened(order)
    assert (await house.document(order))["status"] == "expired"
    assert (await house.charge(order))["state"] == "closed"
    charges = await house.database["sandbox_ledger"].find({"order_id": order["id"]}).to_list(None)
    assert len(charges) == 1


async def test_a_cancelled_event_is_swept_until_nothing_lives(house: House) -> None:
    event = await house.event()
    never, opened = await house.book(event), await house.book(event, seat(1))
    await house.visit(opened)
    paid = await house.pay(await house.book(event, places(event, 2)))
    await house.cancel_event(event)
    late = await house.database["orders"].find_one({"_id": never["id"]})
    assert late is not None
    stray = late | {"_id": "ord_" + event["id"][4:], "claims": ["g/x/99"], "units": ["g/x/99"]}
    await house.database["orders"].insert_one({k: v for k, v in stray.items() if k != "idem"})
    for _ in range(3):
        await house.sales.cancellations.sweep(100)
        await house.end_opened(opened)
    assert [order["status"] for order in await house.orders_of(event)] == ["cancelled"] * 4
    assert not [order for order in await house.orders_of(event) if "claims" in order]
    shown = await house.show(paid)
    assert [(r["amount"]["amount"], r["status"]) for r in shown["refunds"]] == [(5000, "done")]
    assert (await house.charge(opened))["state"] == "closed"


async def test_orders_that_wait_for_a_provider_do_not_hide_those_behind_them(house: House) -> None:
    """A cancelled event is swept some at a time; endings that are under way must not fill each round."""
    event = await house.event()
    opened = [await house.book(event, places(event)) for _ in range(2)]
    for order in opened:
        await house.visit(order)
    paid = await house.pay(await house.book(event, seat(1)))
    await house.cancel_event(event)
    for _ in range(2):
        await house.sales.cancellations.of_event(event["id"], 2)
    assert [(await house.document(order))["status"] for order in opened] == ["expiring"] * 2
    assert (await house.show(paid))["status"] == "cancelled"
