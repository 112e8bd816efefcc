"""kill -9 at every named step of a line: a retry converges, another worker finishes, and all of it once."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.core.redis import connect
from tests.faults.buyer import Buyer
from tests.faults.children import doomed_api, doomed_worker, serving
from tests.faults.doomed import Doom
from tests.faults.house import House
from tests.faults.lines_scenarios import LINE_SCENARIOS, LineScenario
from tests.faults.lines_stage import LineStage
from tests.faults.rounds import hurried

pytestmark = pytest.mark.process

CASES = [
    pytest.param(scenario, Doom(step, when), id=f"{scenario.name}: {when} {step}")
    for scenario in LINE_SCENARIOS
    for step in scenario.steps
    for when in ("before", "after")
]


@pytest.fixture
async def stage(house: House) -> LineStage:
    """Lines without a past, and no leases of workers that died before."""
    redis = connect(house.place.redis_url)
    await redis.flushall()
    await redis.aclose()
    await house.emptied()
    return await LineStage.of(house)


@pytest.mark.parametrize(("scenario", "doom"), CASES)
async def test_what_a_killed_process_left_is_finished_once(
    stage: LineStage, scenario: LineScenario, doom: Doom
) -> None:
    await scenario.prepare(stage)
    await (_api_dies if scenario.dies == "api" else _worker_dies)(stage, scenario, doom)
    await stage.sound()
    await scenario.check(stage)


async def _api_dies(stage: LineStage, scenario: LineScenario, doom: Doom) -> None:
    with doomed_api(stage.house.place, doom) as child:
        async with httpx.AsyncClient(base_url=child.url, timeout=120) as client:
            await serving(client, child)
            await scenario.act(stage, Buyer(client, stage.house.client))
        assert await child.dies(), "the step was never reached"


async def _worker_dies(stage: LineStage, scenario: LineScenario, doom: Doom) -> None:
    with doomed_worker(stage.house.place, doom) as child:
        while child.alive:
            await hurried(stage.house.services)
            await asyncio.sleep(0.1)
        assert await child.dies(), "the step was never reached"


async def test_a_retry_that_forgot_its_key_is_noticed(stage: LineStage) -> None:
    """The positive control of what the API's cases look at."""
    scenario = _named("join")
    await scenario.prepare(stage)
    path = f"/api/v1/services/{stage.line['id']}/tokens"
    for key in ("one", "another"):
        stage.token = (await stage.buyer().post(path, json={}, key=key)).json()
    with pytest.raises(AssertionError):
        await scenario.check(stage)


async def test_a_transfer_that_nobody_finishes_is_noticed(stage: LineStage) -> None:
    """The positive control of what the worker's cases look at."""
    scenario = _named("arrive")
    await scenario.prepare(stage)
    with pytest.raises(AssertionError):
        await scenario.check(stage)


def _named(name: str) -> LineScenario:
    return next(scenario for scenario in LINE_SCENARIOS if scenario.name == name)
