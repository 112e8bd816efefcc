"""Which of Stripe's answers mean "no", and which mean "unknown, ask again under the same key"."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.core.money import Money
from app.payments.providers.base import ProviderRefused, ProviderUnavailable, Session
from tests.fakes.stripe_server import Fault
from tests.payments.providers.rigs import StripeRig, a_charge, stripe_provider


@pytest.mark.parametrize("kind", ["error", "rate_limit", "lost"])
async def test_no_decision_is_unavailable(rig: StripeRig, kind: str) -> None:
    ref = (await rig.provider.open(a_charge())).ref
    for match in ("GET", "POST"):
        rig.stripe.faults = [Fault(kind, match, seconds=30)]  # type: ignore[arg-type]
        call = rig.provider.read(ref) if match == "GET" else rig.provider.open(a_charge())
        with pytest.raises(ProviderUnavailable):
            await call
        assert rig.stripe.faults[0].times == 0


async def test_nobody_there_is_unavailable(rig: StripeRig) -> None:
    alone = stripe_provider("http://127.0.0.1:1")
    with pytest.raises(ProviderUnavailable):
        await alone.open(a_charge())
    await alone.aclose()


async def test_a_wrong_key_decides_nothing_and_is_not_told(rig: StripeRig) -> None:
    ref = (await rig.provider.open(a_charge())).ref
    stranger = stripe_provider(rig.stripe.url, api_key="wrong_key_1234")
    with pytest.raises(ProviderUnavailable) as caught:
        await stranger.refund(ref, "ref_1", Money(1, "EUR"), "customer")
    assert "wrong_key_1234" not in caught.value.detail
    assert caught.value.__suppress_context__
    await stranger.aclose()


async def test_every_call_is_bounded_in_time(rig: StripeRig) -> None:
    rig.stripe.faults = [Fault("slow", seconds=20)]
    async with asyncio.timeout(15):
        with pytest.raises(ProviderUnavailable):
            await rig.provider.open(a_charge())


async def test_the_sdk_does_not_repeat_by_itself(rig: StripeRig) -> None:
    rig.stripe.faults = [Fault("error")]
    with pytest.raises(ProviderUnavailable):
        await rig.provider.open(a_charge())
    assert rig.stripe.requests == ["POST /v1/checkout/sessions"]


async def test_the_same_key_while_the_first_runs_is_unavailable(rig: StripeRig) -> None:
    charge = a_charge()
    slow = Fault("slow", gate=asyncio.Event())
    rig.stripe.faults = [slow]
    patient = stripe_provider(rig.stripe.url, timeout_seconds=60)
    first = asyncio.create_task(patient.open(charge))
    async with asyncio.timeout(60):
        await slow.reached.wait()
    with pytest.raises(ProviderUnavailable, match="409"):
        await patient.open(charge)
    assert slow.gate is not None
    slow.gate.set()
    assert await first == await patient.open(charge)
    await patient.aclose()


async def test_a_refusal_names_a_code_and_nobodys_address(rig: StripeRig) -> None:
    charge = a_charge()
    await rig.provider.open(charge)
    with pytest.raises(ProviderRefused) as caught:
        await rig.provider.open(replace(charge, email="eve@example.org"))
    assert "400" in caught.value.detail
    assert "example.org" not in str(caught.value)


async def test_a_refund_answered_with_a_saved_500_is_found_again(rig: StripeRig) -> None:
    """Stripe repeats the 500 under this key for a day, although the refund was made."""
    ref = (await rig.provider.open(a_charge())).ref
    await rig.pay(ref)
    rig.stripe.faults = [Fault("saved_error", "POST /v1/refunds")]
    with pytest.raises(ProviderUnavailable):
        await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    again = await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    assert (again.refund_id, again.amount) == ("ref_1", 100)
    assert (await rig.provider.read(ref)).refunds == (again,)


async def test_a_refund_is_not_made_again_when_its_key_is_forgotten(rig: StripeRig) -> None:
    ref = (await rig.provider.open(a_charge())).ref
    await rig.pay(ref)
    first = await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    rig.stripe.forget_keys()
    assert await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer") == first
    assert (await rig.provider.read(ref)).refunds == (first,)


async def test_opening_much_later_repeats_the_same_request(rig: StripeRig) -> None:
    """No parameter follows the clock, else Stripe would refuse the repetition."""
    charge = a_charge()
    first: Session = await rig.provider.open(charge)
    await asyncio.sleep(1.1)
    assert await rig.provider.open(charge) == first
