"""How Stripe's objects read, and which of its events lead to them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from app.core.clock import SystemClock
from app.core.money import Money
from app.payments.providers.base import ProviderRefused
from app.payments.providers.stripe.currencies import from_stripe, to_stripe
from tests.fakes.stripe_webhooks import Endpoint, signed
from tests.payments.providers.receiver import receiving
from tests.payments.providers.rigs import SECRET, StripeRig, a_charge, stripe_provider


async def test_what_is_asked_of_stripe(rig: StripeRig) -> None:
    charge = a_charge()
    session = rig.stripe.books.get((await rig.provider.open(charge)).ref)
    assert session["client_reference_id"] == charge.payment_id
    assert (
        session["metadata"]
        == session["intent_metadata"]
        == {
            "payment_id": charge.payment_id,
            "order_id": charge.order_id,
            "event_id": charge.event_id,
        }
    )
    assert (session["success_url"], session["cancel_url"]) == (charge.return_url, charge.return_url)
    life = session["expires_at"] - SystemClock().now().timestamp()
    assert timedelta(minutes=30).total_seconds() < life < timedelta(hours=24).total_seconds()


async def test_a_payment_under_way_is_open_and_cannot_be_closed(rig: StripeRig) -> None:
    for mode in ("page", "client_secret"):
        ref = (await rig.provider.open(a_charge("page" if mode == "page" else "client_secret"))).ref
        rig.stripe.books.pay(ref, "processing")
        assert (await rig.provider.read(ref)).state == "open"
        assert (await rig.provider.close(ref)).state == "open"
        rig.stripe.books.pay(ref)
        assert (await rig.provider.close(ref)).state == "captured"


@pytest.mark.parametrize(
    ("theirs", "ours"), [("pending", "pending"), ("failed", "failed"), ("canceled", "failed")]
)
async def test_states_of_refunds(rig: StripeRig, theirs: str, ours: str) -> None:
    ref = (await rig.provider.open(a_charge())).ref
    await rig.pay(ref)
    rig.stripe.books.refund_status = theirs
    refund = await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    assert refund.state == (await rig.provider.read(ref)).refunds[0].state == ours


async def test_every_event_of_a_session_leads_to_our_payment(rig: StripeRig) -> None:
    charge = a_charge()
    ref = (await rig.provider.open(charge)).ref
    await rig.decline(ref)
    await rig.pay(ref)
    await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    types = set()
    for event in rig.stripe.webhooks.events:
        body, headers = signed(event, SECRET)
        notice = await rig.provider.verify(headers, body)
        assert notice.ref is not None
        assert (await rig.provider.read(notice.ref)).payment_id == charge.payment_id
        types.add(notice.type)
    assert types >= {"checkout.session.completed", "payment_intent.payment_failed", "charge.refunded"}


@pytest.mark.parametrize("event_type", ["charge.succeeded", "refund.created"])
async def test_charges_without_an_intent_are_not_ours(rig: StripeRig, event_type: str) -> None:
    subject = {"id": "ch_1", "payment_intent": None}
    event = {"id": "evt_1", "type": event_type, "livemode": False, "data": {"object": subject}}
    body, headers = signed(event, SECRET)
    assert (await rig.provider.verify(headers, body)).ref is None


async def test_intents_of_other_systems_carry_no_payment_of_ours(rig: StripeRig) -> None:
    stranger = rig.stripe.books.create_intent({"amount": "100", "currency": "eur"})
    rig.stripe.books.pay(stranger["id"])
    assert (await rig.provider.read(stranger["id"])).payment_id == ""
    since = SystemClock().now() - timedelta(minutes=1)
    assert [reading async for reading in rig.provider.captured_since(since)] == []


async def test_captures_are_listed_over_all_pages(rig: StripeRig) -> None:
    for n in range(105):
        metadata = {"payment_id": f"pay_{n}"}
        intent = rig.stripe.books.create_intent({"amount": "100", "currency": "eur", "metadata": metadata})
        rig.stripe.books.pay(intent["id"])
    since = SystemClock().now() - timedelta(minutes=1)
    found = [reading.payment_id async for reading in rig.provider.captured_since(since)]
    assert len(found) == len(set(found)) == 105


async def test_stripes_own_signatures_verify_over_http(rig: StripeRig) -> None:
    async with receiving("/api/v1/webhooks/stripe") as receiver:
        url = f"{receiver.url}/api/v1/webhooks/stripe"
        rig.stripe.webhooks.endpoint = Endpoint(url=url, secret=SECRET, duplicate=1, shuffle=True)
        ref = (await rig.provider.open(a_charge())).ref
        await rig.pay(ref)
        await rig.stripe.webhooks.settle()
        notices = await receiver.notices(rig.provider)
        assert len(notices) == 2 * len({notice.external_id for notice in notices}) > 2
        assert await receiver.refused_by(stripe_provider(rig.stripe.url)) == 0


def test_a_live_key_is_live() -> None:
    assert stripe_provider("http://127.0.0.1:1", api_key="sk_live_x").live
    assert stripe_provider("http://127.0.0.1:1", api_key="rk_live_x").live
    assert not stripe_provider("http://127.0.0.1:1").live


@pytest.mark.parametrize(
    ("money", "theirs"),
    [
        (Money(2500, "EUR"), 2500),
        (Money(2500, "JPY"), 2500),
        (Money(2500, "KWD"), 2500),
        (Money(5, "ISK"), 500),
        (Money(5, "UGX"), 500),
        (Money(5, "MGA"), 5),
    ],
)
def test_smallest_units(money: Money, theirs: int) -> None:
    assert to_stripe(money) == theirs
    assert from_stripe(theirs, money.currency.lower()) == money


def test_a_fraction_of_a_krona_is_an_error() -> None:
    with pytest.raises(ValueError, match="ISK"):
        from_stripe(550, "isk")


async def test_amounts_stripe_refuses_are_refused(rig: StripeRig) -> None:
    with pytest.raises(ProviderRefused):
        await rig.provider.open(a_charge("client_secret", total=Money(0, "EUR")))
    with pytest.raises(ProviderRefused):
        await rig.provider.open(a_charge(total=Money(1235, "KWD")))


def test_bodies_are_signed_as_stripe_does() -> None:
    body, headers = signed({"id": "evt_1"}, SECRET, 1_700_000_000)
    assert headers["Stripe-Signature"].startswith("t=1700000000,v1=")
    assert json.loads(body) == {"id": "evt_1"}
