"""Orders paid through Stripe, by its own library, against a server that behaves like it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests.fakes.stripe_server import StripeServer, running_stripe
from tests.orders.house import House, Json, open_house, places, problem


@pytest.fixture(scope="module")
async def stripe() -> AsyncIterator[StripeServer]:
    async with running_stripe() as server:
        yield server


@pytest.fixture(scope="module")
async def house(mongo_url: str, redis_url: str, stripe: StripeServer) -> AsyncIterator[House]:
    payments: dict[str, Any] = {
        "providers": "stripe,sandbox",
        "stripe_api_key": SecretStr("sk_test_1"),
        "stripe_webhook_secret": SecretStr("whsec_1"),
        "stripe_api_url": stripe.url,
    }
    async with open_house(mongo_url, redis_url, payments=payments) as opened:
        yield opened


async def hear(house: House, ref: str) -> None:
    """What the job does when Stripe has told something about one of its objects."""
    await house.sales.settlement.by_ref("stripe", ref)


async def paid(house: House, stripe: StripeServer, order: Json) -> Json:
    await house.visit(order)
    ref = await house.ref(order)
    stripe.books.pay(ref)
    await hear(house, ref)
    return await house.show(order)


async def test_a_page_is_paid_and_refunded(house: House, stripe: StripeServer) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2), provider="stripe")
    confirmed = await paid(house, stripe, order)
    assert (confirmed["status"], len(confirmed["tickets"])) == ("confirmed", 2)
    answer = await house.call("POST", f"/orders/{order['id']}/cancel", token=order["secret"])
    assert [(r["amount"]["amount"], r["status"]) for r in answer.json()["refunds"]] == [(5000, "done")]


async def test_an_event_renamed_meanwhile_is_asked_for_as_before(house: House) -> None:
    """A client secret is asked for again at each replay, under the key of the first time."""
    event = await house.event()
    asked: Json = {"provider": "stripe", "client_secret": True, "email": "ann@example.com", "key": "k-1"}
    first = await house.book(event, places(event), **asked)
    await house.change(event, name="Night of Organs, second date")
    again = await house.book(event, places(event), **asked)
    assert (again["id"], again["status"]) == (first["id"], "pending")
    assert again["payment"]["client_secret"] == first["payment"]["client_secret"]


async def test_an_open_payment_is_not_given_up_because_stripe_refused_once(
    house: House, stripe: StripeServer
) -> None:
    event = await house.event()
    asked: Json = {"provider": "stripe", "client_secret": True, "email": "ann@example.com", "key": "k-1"}
    order = await house.book(event, places(event), **asked)
    payment = await house.payment(order)
    where = {"_id": payment["_id"]}
    await house.database["payments"].update_one(where, {"$set": {"description": "something else"}})
    refused = await house.try_book(event, [places(event)], **asked)
    assert problem(refused) == (409, "provider_refused")
    assert (await house.show(order))["status"] == "pending"
    stripe.books.pay(payment["ref"])
    await hear(house, payment["ref"])
    assert (await house.show(order))["status"] == "confirmed"


async def test_an_intent_that_ended_does_not_end_its_session(house: House, stripe: StripeServer) -> None:
    event = await house.event()
    order = await house.book(event, places(event), provider="stripe")
    await house.visit(order)
    session = stripe.books.get(await house.ref(order))
    stripe.books.pay(session["id"], "declined")
    stripe.books.get(session["payment_intent"])["status"] = "canceled"
    await hear(house, session["payment_intent"])
    assert (await house.show(order))["status"] == "pending"
    assert (await house.payment(order))["status"] != "closed"


async def test_a_refund_that_stripe_refuses_stays_owed(house: House, stripe: StripeServer) -> None:
    event = await house.event()
    order = await house.book(event, places(event), provider="stripe")
    await paid(house, stripe, order)
    intent = stripe.books.get(stripe.books.get(await house.ref(order))["payment_intent"])
    charge = stripe.books.get(intent["latest_charge"])
    charge["amount_refunded"] = charge["amount"]
    answer = await house.call("POST", f"/orders/{order['id']}/cancel", token=order["secret"])
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert [refund["status"] for refund in answer.json()["refunds"]] == ["owed"]
    charge["amount_refunded"] = 0
    stripe.forget_keys()  # Until then Stripe repeats its refusal.
    past = {"$set": {"refund_at": datetime.now(UTC) - timedelta(seconds=1)}}
    await house.database["orders"].update_one({"_id": order["id"]}, past)
    await house.sales.refunds.sweep(100)
    assert [refund["status"] for refund in (await house.show(order))["refunds"]] == ["done"]
