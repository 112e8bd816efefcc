"""A worker killed at every named step: another finishes what was begun, once."""

from __future__ import annotations

import pytest

from tests.faults.doomed import Doom
from tests.faults.kills import deaths, finished_once
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.stage import Stage

pytestmark = pytest.mark.process


@deaths(*(scenario for scenario in SCENARIOS if scenario.dies == "worker"))
async def test_what_a_killed_worker_left_is_finished_once(
    stage: Stage, scenario: Scenario, doom: Doom
) -> None:
    await finished_once(stage, scenario, doom)
