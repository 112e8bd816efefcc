"""An API killed at every named step: the client's retry converges, and a worker finishes the rest, once."""

from __future__ import annotations

import pytest

from tests.faults.doomed import Doom
from tests.faults.kills import deaths, finished_once
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.stage import Stage

pytestmark = pytest.mark.process


@deaths(*(scenario for scenario in SCENARIOS if scenario.dies == "api"))
async def test_what_a_killed_api_left_is_finished_once(stage: Stage, scenario: Scenario, doom: Doom) -> None:
    await finished_once(stage, scenario, doom)
