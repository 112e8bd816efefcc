"""kill -9 at every named step: the cases of ``test_kills_api`` and ``test_kills_worker``, side by side."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.faults.buyer import Buyer
from tests.faults.children import doomed_api, doomed_worker, serving
from tests.faults.doomed import Doom
from tests.faults.rounds import hurried
from tests.faults.scenarios import Scenario
from tests.faults.stage import Stage


def deaths(*scenarios: Scenario) -> pytest.MarkDecorator:
    """Every step of these, before and after it."""
    cases = [
        pytest.param(scenario, Doom(step, when), id=f"{scenario.name}: {when} {step}")
        for scenario in scenarios
        for step in scenario.steps
        for when in ("before", "after")
    ]
    return pytest.mark.parametrize(("scenario", "doom"), cases)


async def finished_once(stage: Stage, scenario: Scenario, doom: Doom) -> None:
    await stage.faults(scenario.faults)
    await scenario.prepare(stage)
    await (_api_dies if scenario.dies == "api" else _worker_dies)(stage, scenario, doom)
    await stage.settled()
    await scenario.check(stage)
    await stage.sound()


async def _api_dies(stage: Stage, scenario: Scenario, doom: Doom) -> None:
    with doomed_api(stage.house.place, doom) as child:
        async with httpx.AsyncClient(base_url=child.url, timeout=120) as client:
            await serving(client, child)
            await scenario.act(stage, Buyer(client, stage.house.client if scenario.buyer_stays else None))
        assert await child.dies(), "the step was never reached"


async def _worker_dies(stage: Stage, scenario: Scenario, doom: Doom) -> None:
    with doomed_worker(stage.house.place, doom) as child:
        while child.alive:
            await hurried(stage.house.services)
            await asyncio.sleep(0.1)
        assert await child.dies(), "the step was never reached"
