"""What becomes of money: tickets or one refund, however late, however often it is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.payments.providers.sandbox.faults import Faults
from tests.orders.house import House, Json, places, seat, standing

BROKEN_PROMISE = Faults(lose=1.0, captures_when_closed=True)


async def closed_and_expired(house: House, order: Json) -> None:
    """Opened, not paid in time, closed at the provider."""
    await house.visit(order)
    await house.let_time_pass(order)
    await house.end_opened(order)
    assert (await house.document(order))["status"] == "expired"
    await house.sandbox.set_faults(BROKEN_PROMISE, await house.ref(order))


async def pay_late(house: House, order: Json) -> Json:
    await house.pay_at_provider(order)
    await asyncio.gather(*(house.settle(order) for _ in range(5)))
    return await house.show(order)


async def outcome(house: House, order: Json, n: int = 1) -> tuple[str, int]:
    """What became of a payment, and how much of it went back."""
    payment, charge = await house.payment(order, n), await house.charge(order, n)
    ours = {refund["id"]: refund["amount"] for refund in payment["refunds"]}
    theirs = {refund["refund_id"]: refund["amount"] for refund in charge["refunds"]}
    assert ours == theirs
    assert "settle_at" not in payment
    return payment["disposition"], sum(ours.values())


async def test_late_money_takes_the_same_seats_again(house: House) -> None:
    event = await house.event()
    order = await house.book(event, seat(2), seat(4))
    await closed_and_expired(house, order)
    assert (await house.availability(event))["Seat"] == (5, 0, 0)
    paid = await pay_late(house, order)
    assert paid["status"] == "confirmed"
    assert sorted(ticket["unit"] for ticket in paid["tickets"]) == ["s/stalls/A/2", "s/stalls/A/4"]
    assert await outcome(house, order) == ("tickets", 0)
    assert (await house.availability(event))["Seat"] == (3, 0, 2)


async def test_late_money_takes_any_free_places_of_the_type(house: House) -> None:
    event = await house.event(**standing(4))
    order = await house.book(event, places(event, 2))
    await closed_and_expired(house, order)
    other = await house.pay(await house.book(event, places(event, 2)))
    paid = await pay_late(house, order)
    assert paid["status"] == "confirmed"
    assert not set(paid["units"]) & set(other["units"])
    assert paid["units"] == [ticket["unit"] for ticket in paid["tickets"]]
    assert await outcome(house, order) == ("tickets", 0)
    assert (await house.availability(event))["Standing"] == (0, 0, 4)


async def test_late_money_for_seats_that_are_gone_goes_back_once(house: House) -> None:
    event = await house.event()
    order = await house.book(event, seat(1), seat(2))
    await closed_and_expired(house, order)
    winner = await house.pay(await house.book(event, seat(2)))
    shown = await pay_late(house, order)
    assert (shown["status"], shown["tickets"]) == ("expired", [])
    assert [(r["amount"]["amount"], r["status"]) for r in shown["refunds"]] == [(10_000, "done")]
    assert shown["payment"]["status"] == "refunded"
    assert await outcome(house, order) == ("refunded", 10_000)
    assert (await house.show(winner))["status"] == "confirmed"
    assert (await house.availability(event))["Seat"] == (4, 0, 1), "the free one was not kept"


async def test_late_money_for_too_few_places_goes_back_whole(house: House) -> None:
    event = await house.event(**standing(3))
    order = await house.book(event, places(event, 3))
    await closed_and_expired(house, order)
    await house.book(event, places(event, 1))
    await pay_late(house, order)
    assert await outcome(house, order) == ("refunded", 7500)
    assert (await house.availability(event))["Standing"] == (2, 1, 0)


async def test_late_money_drives_out_holds_that_are_overdue(house: House) -> None:
    event = await house.event(**standing(2))
    order = await house.book(event, places(event, 2))
    await closed_and_expired(house, order)
    overdue = await house.book(event, places(event, 2))
    await house.let_time_pass(overdue)
    await house.pay_at_provider(order)
    await house.settle(order)
    assert (await house.show(order))["status"] == "confirmed"
    assert (await house.show(overdue))["status"] == "expired"


async def test_late_money_for_a_cancelled_event_goes_back(house: House) -> None:
    event = await house.event()
    order = await house.book(event)
    await closed_and_expired(house, order)
    await house.cancel_event(event)
    await pay_late(house, order)
    assert await outcome(house, order) == ("refunded", 2500)


async def test_money_for_a_cancelled_order_goes_back(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order)
    await house.call("POST", f"/orders/{order['id']}/cancel", token=order["secret"])
    await house.sandbox.set_faults(BROKEN_PROMISE, await house.ref(order))
    shown = await pay_late(house, order)
    assert (shown["status"], shown["tickets"]) == ("cancelled", [])
    assert await outcome(house, order) == ("refunded", 2500)


async def test_a_second_payment_goes_back_and_leaves_the_tickets(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order)
    await house.call(
        "POST", f"/orders/{order['id']}/payments", {"provider": "sandbox"}, token=order["secret"]
    )
    await house.sandbox.set_faults(BROKEN_PROMISE, await house.ref(order))
    await house.visit(order, "paid")
    await house.pay_at_provider(order)
    await asyncio.gather(*(house.settle(order, n) for n in (1, 2) for _ in range(5)))
    shown = await house.show(order)
    assert shown["status"] == "confirmed"
    assert [ticket["status"] for ticket in shown["tickets"]] == ["valid"]
    outcomes = sorted([await outcome(house, order, 1), await outcome(house, order, 2)])
    assert outcomes == [("refunded", 2500), ("tickets", 0)]


@pytest.mark.parametrize("cents", [1, -1, -2500])
async def test_other_money_than_asked_for_is_never_paid(house: House, cents: int) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 1))
    await house.visit(order)
    await house.sandbox.set_faults(Faults(lose=1.0, mismatch=cents), await house.ref(order))
    await house.pay_at_provider(order)
    await asyncio.gather(*(house.settle(order) for _ in range(5)))
    shown = await house.show(order)
    assert (shown["status"], shown["payment"]["status"], shown["tickets"]) == ("pending", "quarantined", [])
    payment = await house.payment(order)
    assert (payment["disposition"], payment["quarantine"], payment["refunds"]) == (
        "quarantined",
        "amount",
        [],
    )
    await house.let_time_pass(order)
    await house.end_opened(order)
    assert (await house.show(order))["status"] == "expired"
    assert (await house.availability(event))["Standing"] == (10, 0, 0)
    assert (await house.payment(order))["disposition"] == "quarantined"


async def test_news_told_a_hundred_times_is_one_effect(house: House) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2))
    await house.visit(order, "paid")
    for _ in range(5):
        await asyncio.gather(*(house.settle(order) for _ in range(20)))
    document = await house.document(order)
    assert [entry["to"] for entry in document["history"]] == ["pending", "pending", "confirmed"]
    assert await outcome(house, order) == ("tickets", 0)


async def test_a_refund_that_is_told_before_the_success(house: House) -> None:
    """Whatever comes first is a hint to read; what is read is the truth."""
    order = await house.book(await house.event())
    await house.visit(order, "paid")
    ref = await house.ref(order)
    for webhook in reversed(await house.sandbox.webhooks(ref)):
        assert webhook.event_id
        await house.sales.settlement.by_ref("sandbox", ref)
    assert (await house.show(order))["status"] == "confirmed"


async def test_an_object_that_is_not_ours(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order)
    ref = await house.ref(order)
    await house.database["payments"].delete_one({"order_id": order["id"]})
    assert await house.sales.settlement.by_ref("sandbox", ref) == "unknown"


async def put_back(house: House, order: Json, **fields: object) -> None:
    """As a process left the payment that died in the middle."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    await house.database["payments"].update_one(
        {"order_id": order["id"]}, {"$set": {"settle_at": past, **fields}}
    )


async def test_dead_after_the_capture_was_written(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order, "paid")
    await house.sales.payments.learn("sandbox", await house.ref(order))
    assert (await house.show(order))["status"] == "pending"
    await put_back(house, order)
    await asyncio.gather(*(house.sales.settlement.sweep(10) for _ in range(3)))
    assert (await house.show(order))["status"] == "confirmed"
    assert await outcome(house, order) == ("tickets", 0)


async def test_dead_after_the_tickets_were_written(house: House) -> None:
    order = await house.pay(await house.book(await house.event()))
    await put_back(house, order, disposition=None)
    await house.sales.settlement.sweep(10)
    assert await outcome(house, order) == ("tickets", 0)
    assert (await house.show(order))["version"] == order["version"]


async def test_dead_after_the_money_was_refused(house: House) -> None:
    """The order has said no; nobody may say yes any more."""
    event = await house.event()
    order = await house.book(event, seat(1))
    await closed_and_expired(house, order)
    winner = await house.book(event, seat(1))
    await pay_late(house, order)
    await house.call("POST", f"/orders/{winner['id']}/cancel", token=winner["secret"])
    payment = await house.payment(order)
    await put_back(house, order, disposition=None, refunds=payment["refunds"])
    without: Json = {"$set": {"refunds": []}}
    await house.database["payments"].update_one({"_id": payment["_id"]}, without)
    await house.sales.settlement.sweep(10)
    assert (await house.show(order))["status"] == "expired"
    assert await outcome(house, order) == ("refunded", 5000)


async def test_no_webhook_at_all(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order, "paid")
    past = {"$set": {"poll_at": datetime.now(UTC) - timedelta(seconds=1)}}
    await house.database["payments"].update_one({"order_id": order["id"]}, past)
    await house.sales.settlement.poll(10)
    assert (await house.show(order))["status"] == "confirmed"
    assert "poll_at" not in await house.payment(order)


async def test_paid_and_ended_at_the_same_moment(house: House) -> None:
    """Sold to the payer or refunded once; never both, never neither."""
    event = await house.event(**standing(200))

    async def race(number: int) -> str:
        order = await house.book(event, places(event, 1))
        await house.visit(order)
        await house.let_time_pass(order)
        ref = await house.ref(order)
        await asyncio.gather(
            house.sandbox.settle(ref, "paid"),
            house.settle(order),
            house.end_opened(order),
            return_exceptions=True,
        )
        for _ in range(2):
            await house.settle(order)
            await house.end_opened(order)
        status = str((await house.document(order))["status"])
        charge, payment = await house.charge(order), await house.payment(order)
        if charge["state"] == "captured":
            assert await outcome(house, order) == ("tickets", 0)
            assert status == "confirmed"
        else:
            assert (charge["state"], payment["status"], status) == ("closed", "closed", "expired")
        return status

    seen = [await race(number) for number in range(30)]
    assert set(seen) <= {"confirmed", "expired"}
    sold = seen.count("confirmed")
    assert (await house.availability(event))["Standing"] == (200 - sold, 0, sold)


async def test_a_cancellation_answered_stands_though_the_payer_was_quicker(house: House) -> None:
    """Paid at the provider, cancelled here before anybody told us: the money goes back."""
    order = await house.book(await house.event())
    await house.visit(order)
    await house.sandbox.set_faults(Faults(unavailable=True), await house.ref(order))
    answer = await house.call("POST", f"/orders/{order['id']}/cancel", token=order["secret"])
    assert answer.json()["status"] == "expiring"
    await house.sandbox.set_faults(None, await house.ref(order))
    await house.pay_at_provider(order)
    await house.settle(order)
    shown = await house.show(order)
    assert (shown["status"], shown["tickets"]) == ("cancelled", [])
    assert await outcome(house, order) == ("refunded", 2500)
