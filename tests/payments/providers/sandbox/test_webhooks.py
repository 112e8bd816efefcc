"""The sandbox's webhooks over real HTTP, as they should be and as they may go wrong."""

from __future__ import annotations

import asyncio
import time

from app.core.money import Money
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from tests.payments.providers.receiver import Receiver
from tests.payments.providers.rigs import a_charge
from tests.payments.providers.sandbox.conftest import Build


async def _story(sandbox: SandboxProvider) -> str:
    """Declined, then paid, then refunded: three webhooks."""
    ref = (await sandbox.open(a_charge())).ref
    await sandbox.settle(ref, "declined")
    await sandbox.settle(ref, "paid")
    await sandbox.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    await sandbox.webhooks_sent()
    return ref


async def test_every_change_is_told_once_and_signed(sandbox: SandboxProvider, receiver: Receiver) -> None:
    ref = await _story(sandbox)
    notices = await receiver.notices(sandbox)
    assert {notice.type for notice in notices} == {
        "payment.declined",
        "payment.captured",
        "payment.refunded",
    }
    assert {notice.ref for notice in notices} == {ref}
    assert len({notice.external_id for notice in notices}) == len(notices) == 3


async def test_what_changes_nothing_tells_nothing(sandbox: SandboxProvider, receiver: Receiver) -> None:
    ref = (await sandbox.open(a_charge())).ref
    for _ in range(2):
        await sandbox.open(a_charge())
        await sandbox.close(ref)
        await sandbox.read(ref)
    await sandbox.webhooks_sent()
    assert [notice.type for notice in await receiver.notices(sandbox)] == ["payment.closed"]


async def test_a_refused_delivery_comes_again_under_its_id(
    sandbox: SandboxProvider, receiver: Receiver
) -> None:
    receiver.refusals = 2
    ref = (await sandbox.open(a_charge())).ref
    await sandbox.settle(ref, "paid")
    await sandbox.webhooks_sent()
    notices = await receiver.notices(sandbox)
    assert len(notices) == 3
    assert len({notice.external_id for notice in notices}) == 1


async def test_duplicates_and_redeliveries_keep_their_ids(build: Build, receiver: Receiver) -> None:
    sandbox = build(Faults(duplicate=4, shuffle=True))
    ref = await _story(sandbox)
    assert len(receiver.received) == 15
    await sandbox.redeliver(ref)
    await sandbox.webhooks_sent()
    notices = await receiver.notices(sandbox)
    assert len(notices) == 18
    assert len({notice.external_id for notice in notices}) == 3


async def test_shuffled_ones_arrive_in_another_order(build: Build, receiver: Receiver) -> None:
    sandbox = build(Faults(duplicate=9, shuffle=True))
    await _story(sandbox)
    types = [notice.type for notice in await receiver.notices(sandbox)]
    assert types != sorted(types, key=["payment.declined", "payment.captured", "payment.refunded"].index)


async def test_lost_ones_never_leave(build: Build, receiver: Receiver) -> None:
    sandbox = build(Faults(lose=1))
    ref = await _story(sandbox)
    assert receiver.received == []
    assert len(await sandbox.webhooks(ref)) == 3


async def test_delayed_ones_leave_later(build: Build, receiver: Receiver) -> None:
    sandbox = build(Faults(delay_seconds=0.5))
    ref = (await sandbox.open(a_charge())).ref
    start = time.monotonic()
    await sandbox.settle(ref, "paid")
    if time.monotonic() - start < 0.5:  # On a busy machine it may have left by now.
        assert receiver.received == []
    await sandbox.webhooks_sent()
    assert len(receiver.received) == 1
    assert time.monotonic() - start >= 0.5


async def test_closing_the_provider_does_not_wait_for_ever(build: Build, receiver: Receiver) -> None:
    sandbox = build(Faults(delay_seconds=600))
    ref = (await sandbox.open(a_charge())).ref
    await sandbox.settle(ref, "paid")
    async with asyncio.timeout(60):
        await sandbox.aclose()
    assert receiver.received == []
