"""Giving back: a whole order, some of its tickets, an amount. Never more than came, never twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.payments.providers.sandbox.faults import Faults
from tests.orders.house import House, Json, places, problem, seat, standing, type_id


async def refund(house: House, order: Json, body: Json, token: str | None = None) -> httpx.Response:
    return await house.call("POST", f"/orders/{order['id']}/refunds", body, token=token or order["secret"])


async def cancel(house: House, order: Json, token: str | None = None) -> httpx.Response:
    return await house.call("POST", f"/orders/{order['id']}/cancel", token=token or order["secret"])


async def returned(house: House, order: Json) -> int:
    return sum(refund["amount"] for refund in (await house.charge(order))["refunds"])


async def test_cancelling_what_was_not_paid_frees_it_at_once(house: House) -> None:
    event = await house.event(**standing(2))
    order = await house.book(event, places(event, 2))
    answer = await cancel(house, order)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["payment"]["status"] == "unopened"
    await house.book(event, places(event, 2))
    assert problem(await cancel(house, order)) == (409, "illegal_transition")
    assert answer.json()["status"] == "cancelled"


async def test_cancelling_what_was_opened_closes_the_session_first(house: House) -> None:
    event = await house.event()
    order = await house.book(event, seat(1))
    await house.visit(order)
    answer = await cancel(house, order)
    assert answer.json()["status"] == "cancelled"
    assert [entry["to"] for entry in answer.json()["history"]] == [
        "pending",
        "pending",
        "expiring",
        "cancelled",
    ]
    assert (await house.charge(order))["state"] == "closed"
    assert (await house.availability(event))["Seat"] == (5, 0, 0)


async def test_cancelling_what_was_paid_returns_all_of_it(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 2), seat(1)))
    answer = (await cancel(house, order)).json()
    assert answer["status"] == "cancelled"
    assert [(r["amount"]["amount"], r["status"]) for r in answer["refunds"]] == [(10_000, "done")]
    assert answer["payment"]["status"] == "refunded"
    assert {ticket["status"] for ticket in answer["tickets"]} == {"refunded"}
    assert {ticket["code"] for ticket in answer["tickets"]} == {None}
    assert await returned(house, order) == 10_000
    assert await house.availability(event) == {"Standing": (10, 0, 0), "Seat": (5, 0, 0)}


@pytest.mark.parametrize("body", [{}, {"amount": 100}, {"tickets": 1}])
async def test_what_somebody_typed_stays_with_the_refund(house: House, body: Json) -> None:
    """Neither a history, which nobody strikes anything from, nor the provider hears of it."""
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 2)))
    if "tickets" in body:
        body = {"tickets": [order["tickets"][0]["id"]]}
    answer = await refund(house, order, {**body, "reason": "Ada is ill"}, house.admin)
    assert [refund["reason"] for refund in answer.json()["refunds"]] == ["Ada is ill"]
    assert "refund requested" in [entry["cause"] for entry in answer.json()["history"]]
    assert "Ada is ill" not in str((await house.document(order))["history"])
    assert [entry["reason"] for entry in (await house.charge(order))["refunds"]] == ["requested_by_customer"]


async def test_one_ticket_of_three(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 2), seat(1)))
    ticket = next(t for t in order["tickets"] if t["unit"].startswith("s/"))
    answer = (await refund(house, order, {"tickets": [ticket["id"]], "reason": "ill"})).json()
    assert answer["status"] == "confirmed"
    assert [(r["amount"]["amount"], r["reason"], r["status"]) for r in answer["refunds"]] == [
        (5000, "ill", "done")
    ]
    assert [t["status"] for t in answer["tickets"] if t["id"] == ticket["id"]] == ["refunded"]
    assert [t["status"] for t in answer["tickets"]].count("valid") == 2
    assert await house.availability(event) == {"Standing": (8, 0, 2), "Seat": (5, 0, 0)}
    await house.book(event, seat(1))
    assert problem(await refund(house, order, {"tickets": [ticket["id"]]})) == (422, "invalid")


async def test_the_message_names_the_places_that_came_free(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 2), seat(1)))
    await refund(house, order, {"tickets": [order["tickets"][0]["id"]]})
    await cancel(house, order)
    told = [e for e in (await house.document(order))["outbox"] if e["type"] == "tickets.unlocked"]
    kind, seats = type_id(event), type_id(event, "Seat")
    assert [entry["data"]["units_by_type"] for entry in told] == [{kind: 1}, {kind: 1, seats: 1}]


async def test_a_place_returned_and_sold_again_is_not_returned_twice(house: House) -> None:
    """Cancelling the rest of the order must not put somebody else's place back on sale."""
    event = await house.event(**standing(3))
    order = await house.pay(await house.book(event, places(event, 3)))
    await refund(house, order, {"tickets": [order["tickets"][0]["id"]]})
    await house.pay(await house.book(event, places(event, 1)))
    await cancel(house, order)
    assert (await house.availability(event))["Standing"] == (2, 0, 1)
    assert await returned(house, order) == 7500


async def test_the_last_ticket_ends_the_order(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 2)))
    ids = [ticket["id"] for ticket in order["tickets"]]
    await refund(house, order, {"tickets": ids[:1]})
    assert (await refund(house, order, {"tickets": ids[1:]})).json()["status"] == "cancelled"
    assert "claims" not in await house.document(order)
    assert await returned(house, order) == 5000


async def test_tickets_of_others(house: House) -> None:
    event = await house.event()
    order, other = [await house.pay(await house.book(event, places(event, 2))) for _ in range(2)]
    ids = [order["tickets"][0]["id"], other["tickets"][0]["id"]]
    assert problem(await refund(house, order, {"tickets": ids})) == (422, "invalid")
    assert await returned(house, order) == await returned(house, other) == 0


async def test_an_amount_is_for_staff_to_give(house: House) -> None:
    order = await house.pay(await house.book(await house.event(), seat(1)))
    assert problem(await refund(house, order, {"amount": 100})) == (409, "refund_closed")
    answer = (await refund(house, order, {"amount": 100, "reason": "noise"}, house.admin)).json()
    assert answer["status"] == "confirmed"
    assert answer["tickets"][0]["status"] == "valid"
    assert await returned(house, order) == 100
    assert problem(await refund(house, order, {"amount": 4901}, house.admin)) == (
        409,
        "refund_exceeds_capture",
    )
    assert (await cancel(house, order)).json()["status"] == "cancelled"
    assert await returned(house, order) == 5000, "what is left, not the whole again"


async def test_amounts_raced_by_twenty_end_at_what_was_paid(house: House) -> None:
    order = await house.pay(await house.book(await house.event(), seat(1)))
    answers = await asyncio.gather(
        *(refund(house, order, {"amount": 700}, house.admin) for _ in range(20)), return_exceptions=False
    )
    while any(answer.status_code == 503 for answer in answers):
        again = [refund(house, order, {"amount": 700}, house.admin) for a in answers if a.status_code == 503]
        answers = await asyncio.gather(*again)
    assert await returned(house, order) == 4900
    payment = await house.payment(order)
    assert sum(refund["amount"] for refund in payment["refunds"]) == 4900


async def test_cancelled_and_refunded_by_everybody_at_once(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 3)))
    ids = [ticket["id"] for ticket in order["tickets"]]
    await asyncio.gather(
        *(cancel(house, order) for _ in range(5)),
        *(refund(house, order, {"tickets": [one]}) for one in ids for _ in range(3)),
        *(refund(house, order, {}, house.admin) for _ in range(5)),
    )
    await cancel(house, order)
    assert await returned(house, order) == 7500
    assert (await house.availability(event))["Standing"] == (10, 0, 0)


async def test_the_owner_has_until_the_event_says(house: House) -> None:
    event = await house.event(refund_until="2199-01-01T00:00:00Z")
    first, second = [await house.pay(await house.book(event)) for _ in range(2)]
    past = {"$set": {"refund_until": datetime.now(UTC)}}
    await house.database["events"].update_one({"_id": event["id"]}, past)
    for answer in (
        await cancel(house, first),
        await refund(house, first, {}),
        await refund(house, first, {"tickets": [first["tickets"][0]["id"]]}),
    ):
        assert problem(answer) == (409, "refund_closed")
    assert (await cancel(house, first, house.admin)).json()["status"] == "cancelled"
    assert (await refund(house, second, {}, house.admin)).json()["status"] == "cancelled"


async def test_without_a_word_from_the_event_until_it_begins(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event))
    begun = {"$set": {"starts_at": datetime.now(UTC) - timedelta(minutes=1)}}
    await house.database["events"].update_one({"_id": event["id"]}, begun)
    assert problem(await cancel(house, order)) == (409, "refund_closed")


async def test_a_pending_order_has_nothing_to_refund(house: House) -> None:
    order = await house.book(await house.event())
    assert problem(await refund(house, order, {})) == (409, "illegal_transition")
    assert problem(await refund(house, order, {"amount": 1}, house.admin)) == (409, "illegal_transition")


async def test_who_was_let_in_cannot_cancel(house: House) -> None:
    order = await house.pay(await house.book(await house.event()))
    admitted = {"$set": {"tickets.0.status": "admitted"}}
    await house.database["orders"].update_one({"_id": order["id"]}, admitted)
    assert problem(await cancel(house, order)) == (409, "illegal_transition")


async def test_free_tickets_are_returned_without_money(house: House) -> None:
    event = await house.event(**standing(5, price=0))
    order = await house.book(event, places(event, 2), provider=None)
    answer = (await refund(house, order, {"tickets": [order["tickets"][0]["id"]]})).json()
    assert sorted(ticket["status"] for ticket in answer["tickets"]) == ["refunded", "valid"]
    assert answer["refunds"] == []
    assert (await house.availability(event))["Standing"] == (4, 0, 1)
    assert problem(await refund(house, order, {"amount": 1}, house.admin)) == (409, "refund_exceeds_capture")


@pytest.mark.parametrize("fault", [{"unavailable": True}, {"timeout_after_success": True}])
async def test_a_provider_that_does_not_answer_pays_once_all_the_same(house: House, fault: Any) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 2)))
    await house.sandbox.set_faults(Faults(lose=1.0, **fault), await house.ref(order))
    answer = (await cancel(house, order)).json()
    assert answer["status"] == "cancelled", "the places are free, the money is owed"
    assert [refund["status"] for refund in answer["refunds"]] == ["owed"]
    assert (await house.availability(event))["Standing"] == (10, 0, 0)
    await house.sandbox.set_faults(None, await house.ref(order))
    await due(house, order)
    await asyncio.gather(*(house.sales.refunds.sweep(10) for _ in range(3)), house.sales.settlement.sweep(10))
    assert await returned(house, order) == 5000
    shown = await house.show(order)
    assert [refund["status"] for refund in shown["refunds"]] == ["done"]
    assert {ticket["status"] for ticket in shown["tickets"]} == {"refunded"}
    assert "refund_at" not in await house.document(order)
    assert "refund_at" not in await house.payment(order)


async def due(house: House, order: Json) -> None:
    """The sweepers' time has come."""
    past = {"$set": {"refund_at": datetime.now(UTC) - timedelta(seconds=1)}}
    await house.database["orders"].update_one({"_id": order["id"], "refund_at": {"$exists": True}}, past)
    query = {"order_id": order["id"], "refund_at": {"$exists": True}}
    await house.database["payments"].update_many(query, past)
