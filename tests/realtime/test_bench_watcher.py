"""The bench's watchers hear what clients hear, and say when."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.realtime.rig import Rig, World
from tests.realtime.test_lines import paused

pytestmark = pytest.mark.process
WATCHERS = 3


async def said(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        return json.loads(await process.stdout.readline())


async def test_all_of_them_hear_each_update_once(rig: Rig, world: World, url: str, service_id: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.watcher", stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    slug, port = world.lines[service_id]["slug"], urlsplit(url).port
    try:
        asked = {"port": port, "slug": slug, "watchers": WATCHERS, "updates": 1}
        process.stdin.write(f"{json.dumps(asked)}\n".encode())
        assert (await said(process))["seconds"] > 0
        process.stdin.write(b"\n")
        assert await said(process) == {"ready": 1}
        before = asyncio.get_running_loop().time()
        await rig.listener.heard([paused(service_id)])
        heard = await said(process)
        assert (heard["heard"], heard["lost"]) == (WATCHERS, 0)
        assert before <= heard["first"] <= heard["last"] <= asyncio.get_running_loop().time()
    finally:
        process.kill()
        await process.wait()
