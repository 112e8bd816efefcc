"""What the sandbox does wrong on request, and how its sessions end by themselves."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from app.core.clock import SystemClock
from app.core.money import Money
from app.core.mongo import Database
from app.payments.providers.base import ProviderRefused, ProviderUnavailable
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from tests.payments.providers.rigs import a_charge
from tests.payments.providers.sandbox.conftest import Build


async def test_told_to_decline_it_declines(build: Build) -> None:
    sandbox = build(Faults(decline=True))
    ref = (await sandbox.open(a_charge())).ref
    assert (await sandbox.settle(ref, "paid")).state == "failed"


async def test_a_terminal_failure_closes(sandbox: SandboxProvider) -> None:
    ref = (await sandbox.open(a_charge())).ref
    assert (await sandbox.settle(ref, "failed")).state == "closed"
    with pytest.raises(ProviderRefused):
        await sandbox.settle(ref, "paid")


async def test_what_is_paid_cannot_be_declined(sandbox: SandboxProvider) -> None:
    ref = (await sandbox.open(a_charge())).ref
    await sandbox.settle(ref, "paid")
    with pytest.raises(ProviderRefused):
        await sandbox.settle(ref, "declined")
    assert (await sandbox.settle(ref, "paid")).state == "captured"


async def test_late_money_can_be_had(sandbox: SandboxProvider) -> None:
    ref = (await sandbox.open(a_charge())).ref
    await sandbox.close(ref)
    await sandbox.set_faults(Faults(captures_when_closed=True), ref)
    assert (await sandbox.settle(ref, "paid")).captured == Money(5000, "EUR")


async def test_all_processes_share_the_faults_in_the_ledger(build: Build) -> None:
    one, other = build(Faults()), build(Faults())
    await one.set_faults(Faults(unavailable=True))
    with pytest.raises(ProviderUnavailable):
        await other.open(a_charge())
    await other.set_faults(None)
    assert (await one.open(a_charge())).ref


async def test_a_charges_own_faults_go_first(sandbox: SandboxProvider) -> None:
    mine, other = (await sandbox.open(a_charge())).ref, (await sandbox.open(a_charge())).ref
    assert await sandbox.set_faults(Faults(unavailable=True), mine)
    with pytest.raises(ProviderUnavailable):
        await sandbox.close(mine)
    assert (await sandbox.read(other)).state == "open"
    assert await sandbox.set_faults(None, mine)
    assert (await sandbox.read(mine)).state == "open"
    assert not await sandbox.set_faults(Faults(), "sbx_absent")


async def test_told_to_be_slow_it_answers_later(build: Build) -> None:
    start = time.monotonic()
    await build(Faults(slow_seconds=0.3)).open(a_charge())
    assert time.monotonic() - start >= 0.3


async def test_a_session_ends_by_itself(sandbox: SandboxProvider, database: Database) -> None:
    ref = (await sandbox.open(a_charge())).ref
    past = SystemClock().now() - timedelta(seconds=1)
    await database["sandbox_ledger"].update_one({"_id": ref}, {"$set": {"expires_at": past}})
    with pytest.raises(ProviderRefused):
        await sandbox.settle(ref, "paid")
    assert (await sandbox.read(ref)).state == "closed"
    assert [webhook.event_id for webhook in await sandbox.webhooks(ref)]


async def test_every_move_is_in_the_history(sandbox: SandboxProvider, database: Database) -> None:
    ref = (await sandbox.open(a_charge())).ref
    await sandbox.settle(ref, "declined")
    await sandbox.settle(ref, "paid")
    await sandbox.refund(ref, "ref_1", Money(100, "EUR"), "customer")
    history = (await sandbox.charge(ref)).history
    assert [(entry.before, entry.after) for entry in history] == [
        ("open", "failed"),
        ("failed", "captured"),
        ("captured", "captured"),
    ]
    document = await database["sandbox_ledger"].find_one({"_id": ref})
    assert document is not None
    assert "ada@example.org" not in str(document)
