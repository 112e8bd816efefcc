"""Back-off and stopping order, with children that are a line of shell each."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from app.embedded.child import Child, StartError
from app.supervisor.supervisor import Supervisor
from tests.serving import eventually

pytestmark = pytest.mark.process


def shell(name: str, script: str, **more: float) -> Child:
    return Child(name, ["/bin/sh", "-c", script], **more)  # type: ignore[arg-type]


def delays_of(caplog: pytest.LogCaptureFixture) -> list[object]:
    return [record.args[2] for record in caplog.records if isinstance(record.args, tuple)]


async def test_delays_double_up_to_the_longest(caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Supervisor(lambda: None, first_delay=0.01, longest_delay=0.03)
    with caplog.at_level(logging.WARNING, "usher.supervisor"):
        await supervisor.start([shell("crasher", "exit 3")])
        await asyncio.to_thread(eventually, lambda: len(delays_of(caplog)) >= 4)
        await supervisor.stop()
    delays = delays_of(caplog)
    assert delays[:4] == [0.01, 0.02, 0.03, 0.03]
    assert "crasher ended with code 3" in caplog.text


async def test_steady_child_starts_over_with_the_first_delay(caplog: pytest.LogCaptureFixture) -> None:
    supervisor = Supervisor(lambda: None, first_delay=0.01, longest_delay=1, steady_seconds=0.05)
    with caplog.at_level(logging.WARNING, "usher.supervisor"):
        await supervisor.start([shell("steady", "sleep 0.1")])
        await asyncio.to_thread(eventually, lambda: len(delays_of(caplog)) >= 3)
        await supervisor.stop()
    assert set(delays_of(caplog)) == {0.01}


async def test_last_stage_stops_first(tmp_path: Path) -> None:
    file = tmp_path / "order"
    supervisor = Supervisor(lambda: None)
    for name in ("database", "worker", "api"):
        ready = tmp_path / name
        leave = f"trap 'sleep 0.2; echo {name} >>{file}; exit 0' TERM"
        await supervisor.start([shell(name, f"{leave}; touch {ready}; while :; do sleep 0.05; done")])
        await asyncio.to_thread(eventually, ready.exists)
    await supervisor.stop()
    assert file.read_text().split() == ["api", "worker", "database"]


async def test_child_that_ignores_us_is_killed() -> None:
    child = shell("deaf", "trap '' TERM; while :; do sleep 0.05; done", stop_seconds=0.3)
    await child.start()
    await asyncio.sleep(0.2)
    await child.stop()
    assert not child.running


async def test_child_that_never_answers_is_an_error() -> None:
    async def never() -> bool:
        return False

    child = Child("mute", ["/bin/sleep", "60"], ready=never, start_seconds=0.2)
    with pytest.raises(StartError, match="mute did not answer within"):
        await child.start()
    await child.kill()


async def test_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="ghost cannot be started"):
        await Child("ghost", [str(tmp_path / "absent")]).start()
