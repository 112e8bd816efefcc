"""What every provider must keep, on its real engine: mongod for the sandbox, Stripe's SDK for Stripe."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.clock import SystemClock
from app.core.money import Money
from app.payments.providers.base import ProviderRefused, ProviderUnavailable, Reading, RefundReading
from tests.payments.providers.rigs import Mode, Rig, a_charge

_JITTER = 0.01


async def test_opening_again_gives_the_same_object(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    first = await rig.provider.open(charge)
    again = await rig.provider.open(charge)
    assert first == again
    assert await rig.charges_of(charge.payment_id) == 1
    assert bool(first.url) == (mode == "page")
    assert bool(first.client_secret) == (mode == "client_secret")


async def test_opening_in_parallel_makes_one_object(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    answers = await asyncio.gather(*(rig.provider.open(charge) for _ in range(10)), return_exceptions=True)
    unknown = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, ProviderUnavailable) for answer in unknown)
    assert {answer for answer in answers if answer not in unknown} == {await rig.provider.open(charge)}
    assert await rig.charges_of(charge.payment_id) == 1


async def test_an_unknown_outcome_of_opening_is_repeated_into_the_same_object(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    await rig.lose_next_answer("open")
    with pytest.raises(ProviderUnavailable):
        await rig.provider.open(charge)
    assert await rig.charges_of(charge.payment_id) == 1
    session = await rig.provider.open(charge)
    assert (await rig.provider.read(session.ref)).payment_id == charge.payment_id
    assert await rig.charges_of(charge.payment_id) == 1


async def test_one_payment_has_one_price(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    await rig.provider.open(charge)
    with pytest.raises(ProviderRefused):
        await rig.provider.open(replace(charge, total=Money(1, "EUR")))


async def test_a_charge_from_open_over_declined_to_captured(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    ref = (await rig.provider.open(charge)).ref
    before = await rig.provider.read(ref)
    assert (before.ref, before.payment_id, before.state, before.captured) == (
        ref,
        charge.payment_id,
        "open",
        None,
    )
    assert (before.account, before.live) == (rig.provider.account, rig.provider.live)
    await rig.decline(ref)
    assert (await rig.provider.read(ref)).state == "failed"
    assert await rig.pay(ref)
    after = await rig.provider.read(ref)
    assert (after.state, after.captured, after.refunds) == ("captured", charge.total, ())


async def test_paying_twice_captures_once(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    ref = (await rig.provider.open(charge)).ref
    await asyncio.gather(*(rig.pay(ref) for _ in range(5)))
    assert (await rig.provider.read(ref)).captured == charge.total


@pytest.mark.parametrize("off_by", [-1, 1])
async def test_another_amount_is_told_as_it_is(rig: Rig, mode: Mode, off_by: int) -> None:
    ref = (await rig.provider.open(a_charge(mode))).ref
    await rig.pay(ref, off_by)
    assert (await rig.provider.read(ref)).captured == Money(5000 + off_by, "EUR")


@pytest.mark.parametrize("currency", ["JPY", "KWD", "ISK", "UGX"])
async def test_amounts_survive_the_way_there_and_back(rig: Rig, mode: Mode, currency: str) -> None:
    charge = a_charge(mode, total=Money(12340, currency))
    ref = (await rig.provider.open(charge)).ref
    await rig.pay(ref)
    refund = await rig.provider.refund(ref, "ref_1", Money(2340, currency), "customer")
    reading = await rig.provider.read(ref)
    assert (reading.captured, reading.refunds[0].amount, refund.amount) == (charge.total, 2340, 2340)


async def test_closing_makes_unpayable_and_may_be_repeated(rig: Rig, mode: Mode) -> None:
    ref = (await rig.provider.open(a_charge(mode))).ref
    assert (await rig.provider.close(ref)).state == "closed"
    assert not await rig.pay(ref)
    assert (await rig.provider.close(ref)).state == "closed"
    assert (await rig.provider.read(ref)).state == "closed"


async def test_closing_a_declined_charge(rig: Rig, mode: Mode) -> None:
    ref = (await rig.provider.open(a_charge(mode))).ref
    await rig.decline(ref)
    assert (await rig.provider.close(ref)).state == "closed"
    assert not await rig.pay(ref)


async def test_closing_what_is_paid_finds_it_captured(rig: Rig, mode: Mode) -> None:
    charge = a_charge(mode)
    ref = (await rig.provider.open(charge)).ref
    await rig.pay(ref)
    reading = await rig.provider.close(ref)
    assert (reading.state, reading.captured) == ("captured", charge.total)


async def test_paying_against_closing_has_one_winner(rig: Rig, mode: Mode) -> None:
    winners: list[str] = []
    for _ in range(40):
        ref = (await rig.provider.open(a_charge(mode))).ref
        paid, closing = await asyncio.gather(_pay_soon(rig, ref), _close_soon(rig, ref))
        after = await rig.provider.read(ref)
        assert closing.state == after.state == ("captured" if paid else "closed")
        winners.append(after.state)
    assert set(winners) == {"captured", "closed"}, "the race did not happen"


async def test_a_refund_is_made_once_whoever_repeats_it(rig: Rig, mode: Mode) -> None:
    ref = await _paid(rig, mode)
    answers = await asyncio.gather(
        *(rig.provider.refund(ref, "ref_1", Money(2000, "EUR"), "customer") for _ in range(8)),
        return_exceptions=True,
    )
    made = {answer for answer in answers if isinstance(answer, RefundReading)}
    made.add(await rig.provider.refund(ref, "ref_1", Money(2000, "EUR"), "customer"))
    assert len(made) == 1
    assert (await rig.provider.read(ref)).refunds == (*made,)


async def test_refunds_never_exceed_the_capture(rig: Rig, mode: Mode) -> None:
    ref = await _paid(rig, mode)
    answers = await asyncio.gather(
        *(rig.provider.refund(ref, f"ref_{n}", Money(1500, "EUR"), "customer") for n in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, RefundReading) for answer in answers) == 3
    assert sum(isinstance(answer, ProviderRefused) for answer in answers) == 7
    assert sum(refund.amount for refund in (await rig.provider.read(ref)).refunds) == 4500
    await rig.provider.refund(ref, "ref_rest", Money(500, "EUR"), "customer")


async def test_an_unknown_outcome_of_a_refund_is_repeated_into_the_same_one(rig: Rig, mode: Mode) -> None:
    ref = await _paid(rig, mode)
    await rig.lose_next_answer("refund")
    with pytest.raises(ProviderUnavailable):
        await rig.provider.refund(ref, "ref_1", Money(5000, "EUR"), "customer")
    again = await rig.provider.refund(ref, "ref_1", Money(5000, "EUR"), "customer")
    assert (again.refund_id, again.amount, again.state) == ("ref_1", 5000, "done")
    assert (await rig.provider.read(ref)).refunds == (again,)


async def test_more_refunds_than_fit_one_page_are_all_told(rig: Rig) -> None:
    ref = await _paid(rig, "page")
    for n in range(12):
        await rig.provider.refund(ref, f"ref_{n}", Money(10, "EUR"), "customer")
    reading = await rig.provider.read(ref)
    assert {refund.refund_id for refund in reading.refunds} == {f"ref_{n}" for n in range(12)}


@pytest.mark.parametrize("amount", [Money(0, "EUR"), Money(-1, "EUR"), Money(100, "USD"), Money(5001, "EUR")])
async def test_impossible_refunds_are_refused(rig: Rig, amount: Money) -> None:
    ref = await _paid(rig, "page")
    with pytest.raises(ProviderRefused):
        await rig.provider.refund(ref, "ref_1", amount, "customer")
    assert (await rig.provider.read(ref)).refunds == ()


async def test_a_refund_id_stands_for_one_amount(rig: Rig) -> None:
    ref = await _paid(rig, "page")
    await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    with pytest.raises(ProviderRefused):
        await rig.provider.refund(ref, "ref_1", Money(200, "EUR"), "customer")


async def test_nothing_is_refunded_before_it_is_captured(rig: Rig, mode: Mode) -> None:
    ref = (await rig.provider.open(a_charge(mode))).ref
    with pytest.raises(ProviderRefused):
        await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")


@pytest.mark.parametrize("ref", ["cs_test_absent", "pi_absent", "absent", "", "../balance", "faults"])
async def test_what_is_not_there_is_refused(rig: Rig, ref: str) -> None:
    with pytest.raises(ProviderRefused):
        await rig.provider.read(ref)


async def test_captures_since_lists_what_was_captured(rig: Rig, mode: Mode) -> None:
    start = SystemClock().now() - timedelta(seconds=2)
    paid, unpaid = a_charge(mode), a_charge(mode)
    await rig.provider.open(unpaid)
    ref = (await rig.provider.open(paid)).ref
    await rig.pay(ref)
    await rig.provider.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    readings = [reading async for reading in rig.provider.captured_since(start)]
    assert [(r.payment_id, r.captured, len(r.refunds)) for r in readings] == [
        (paid.payment_id, paid.total, 1)
    ]
    later = SystemClock().now() + timedelta(minutes=1)
    assert [reading async for reading in rig.provider.captured_since(later)] == []


async def _paid(rig: Rig, mode: Mode) -> str:
    ref = (await rig.provider.open(a_charge(mode))).ref
    await rig.pay(ref)
    return ref


async def _pay_soon(rig: Rig, ref: str) -> bool:
    await asyncio.sleep(random.uniform(0, _JITTER))
    return await rig.pay(ref)


async def _close_soon(rig: Rig, ref: str) -> Reading:
    await asyncio.sleep(random.uniform(0, _JITTER))
    return await rig.provider.close(ref)
