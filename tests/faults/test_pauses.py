"""A process stopped longer than anybody waits for it, then continued: its stale write matches nothing.

It stands still just before a step. The others finish without it; then it wakes and does the step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.faults.buyer import Buyer
from tests.faults.children import Child, doomed_api, doomed_worker, serving
from tests.faults.doomed import Doom
from tests.faults.rounds import hurried
from tests.faults.scenarios import PAYING, SCENARIOS, Scenario, deliver
from tests.faults.stage import Stage

pytestmark = pytest.mark.process

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
AFTERWARDS = 0.3
"""Time for a woken process to go on after its stale step, before it is taken away."""


def _cases(*names: str) -> list[Any]:
    return [
        pytest.param(BY_NAME[name], step, id=f"{name}: {step}")
        for name in names
        for step in BY_NAME[name].steps
    ]


API_CASES = _cases("book", "pay", "cancel a hold", "cancel an order", "refund a ticket")
WORKER_CASES = _cases(
    "expire",
    "expire behind the fence",
    "refund owed",
    "event cancelled",
    "late money, places free",
    "late money, places gone",
)


@pytest.mark.parametrize(("scenario", "step"), API_CASES)
async def test_an_api_that_slept_while_its_client_went_elsewhere(
    stage: Stage, scenario: Scenario, step: str
) -> None:
    async def world(buyer: Buyer) -> None:
        await scenario.act(stage, Buyer(stage.house.client, email=buyer.email))

    await _api_sleeps(stage, scenario, step, world)
    await scenario.check(stage)
    await stage.sound()


async def test_an_api_that_slept_between_two_attempts(stage: Stage) -> None:
    """It closed the first session; a worker hears of that, and must not take it for the order's end."""
    scenario = BY_NAME["pay again"]
    await scenario.prepare(stage)
    with doomed_api(stage.house.place, Doom("attempt replaced", "before", "stop")) as child:
        async with httpx.AsyncClient(base_url=child.url, timeout=300) as client:
            await serving(client, child)
            asking = asyncio.create_task(scenario.act(stage, Buyer(client)))
            while not child.stopped:
                assert not asking.done(), "the step was never reached"
                await asyncio.sleep(0.02)
            await deliver(stage, Buyer(stage.house.client))
            await stage.settled()
            assert await stage.status() == "pending"
            child.wake()
            await asking
    await stage.settled()
    await scenario.check(stage)
    await stage.sound()


@pytest.mark.parametrize("step", PAYING)
async def test_an_api_that_slept_past_the_hold(stage: Stage, step: str) -> None:
    """The hold ended and its seat was sold: the payer who wakes up is neither seated nor charged."""

    async def world(_: Buyer) -> None:
        await stage.overdue()
        await stage.settled()
        assert await stage.status() == "expired"
        other = await Buyer(stage.house.client).book(stage.event.id, [stage.seat()])
        assert other.status_code == 201

    await _api_sleeps(stage, BY_NAME["pay"], step, world)
    assert await stage.status() == "expired"
    assert not await stage.house.database["sandbox_ledger"].find_one({"state": "captured"})
    await stage.sound()


@pytest.mark.parametrize(("scenario", "step"), WORKER_CASES)
async def test_a_worker_that_slept_while_another_did_its_work(
    stage: Stage, scenario: Scenario, step: str
) -> None:
    await scenario.prepare(stage)
    with doomed_worker(stage.house.place, Doom(step, "before", "stop")) as child:
        while not child.stopped:
            await hurried(stage.house.services)
            await asyncio.sleep(0.1)
        await stage.settled()
        await scenario.check(stage)
        await _woken_changes_nothing(stage, child)
    await scenario.check(stage)
    await stage.sound()


async def test_control_a_woken_worker_does_what_nobody_else_did(stage: Stage) -> None:
    """Without the others its write matches, and the test sees that."""
    await BY_NAME["expire"].prepare(stage)
    with doomed_worker(stage.house.place, Doom("orders expired", "before", "stop")) as child:
        while not child.stopped:  # noqa: ASYNC110 — a process has no event to offer.
            await asyncio.sleep(0.02)
        with pytest.raises(AssertionError):
            await _woken_changes_nothing(stage, child)
    await stage.sound()


async def _api_sleeps(
    stage: Stage, scenario: Scenario, step: str, world: Callable[[Buyer], Awaitable[None]]
) -> None:
    await scenario.prepare(stage)
    with doomed_api(stage.house.place, Doom(step, "before", "stop")) as child:
        async with httpx.AsyncClient(base_url=child.url, timeout=300) as client:
            await serving(client, child)
            sleepy = Buyer(client)
            asking = asyncio.create_task(_asked(stage, scenario, sleepy))
            while not child.stopped:
                assert not asking.done(), "the step was never reached"
                await asyncio.sleep(0.02)
            await world(sleepy)
            await stage.settled()
            await _woken_changes_nothing(stage, child)
            await asking


async def _asked(stage: Stage, scenario: Scenario, buyer: Buyer) -> None:
    """Whatever it is answered in the end: the client has gone elsewhere."""
    try:
        await scenario.act(stage, buyer)
    except AssertionError:
        assert buyer.answers
        assert buyer.answers[-1] in (404, 409, 410), buyer.answers


async def _woken_changes_nothing(stage: Stage, child: Child) -> None:
    before = await _state(stage)
    child.wake()
    while not child.answered.is_set():
        assert child.alive
        await asyncio.sleep(0.02)
    await asyncio.sleep(AFTERWARDS)
    assert await _state(stage) == before


async def _state(stage: Stage) -> list[Any]:
    """Orders, money and the provider's objects, without the times at which sweeps look again."""
    names = ("orders", "payments", "sandbox_ledger")
    hidden = {"check_at": 0, "refund_at": 0, "poll_at": 0, "settle_at": 0, "outbox": 0}
    found = stage.house.database
    return [await found[name].find({}, hidden).sort("_id", 1).to_list(None) for name in names]
