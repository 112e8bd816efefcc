"""One line, one API process, thousands who watch: how long until the last has heard of a change, and what
a watcher costs in memory."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import httpx

from app.supervisor.limits import raise_open_files
from bench.rig import Program, Rig, cpu_seconds
from bench.scale import Scale

PAUSE_SECONDS = 2.0
"""Between two updates, so that each is told alone."""
PATIENCE_SECONDS = 120.0


async def watchers(rig: Rig, scale: Scale) -> dict[str, Any]:
    raise_open_files()
    updates = min(scale.trials, 5)
    async with rig.api() as api, rig.worker(), rig.client(api) as client:
        service = await _line(client, rig)
        await client.get(f"/services/{service['slug']}")
        before = api.memory
        async with _crowd(api.port, service["slug"], scale.watchers, updates) as crowd:
            connected = await _said(crowd)
            await asyncio.sleep(PAUSE_SECONDS)
            after = api.memory
            heard = [await _update(api, client, service, crowd, scale.watchers, n) for n in range(updates)]
    return {
        "watchers": scale.watchers,
        "updates": updates,
        "connected_in_seconds": round(connected["seconds"], 2),
        "memory_mb": {"before": round(before, 1), "with_watchers": round(after, 1)},
        "kilobytes_per_watcher": round((after - before) * 1024 / scale.watchers, 1),
        "payload_bytes": heard[-1]["bytes"],
        "first_heard_after_ms": _milliseconds([one["first"] for one in heard]),
        "last_heard_after_ms": _milliseconds([one["last"] for one in heard]),
        "cpu_ms_of_the_api": _milliseconds([one["cpu"] for one in heard]),
        "first_to_last_ms": _milliseconds([one["last"] - one["first"] for one in heard]),
    }


async def _line(client: httpx.AsyncClient, rig: Rig) -> dict[str, Any]:
    """With thirty people in it, so that there is something to tell."""
    body = {"name": "Watched", "slug": "watched", "timezone": "Europe/Berlin", "average_minutes": 5}
    answer = (await client.post("/services", json=body)).raise_for_status()
    service: dict[str, Any] = answer.json()
    for _ in range(30):
        (await client.post(f"/services/{service['id']}/tokens", json={})).raise_for_status()
    await rig.drained()
    return service


async def _update(
    api: Program,
    client: httpx.AsyncClient,
    service: dict[str, Any],
    crowd: asyncio.subprocess.Process,
    watchers: int,
    n: int,
) -> dict[str, float]:
    """Seconds from the answer to the staff until the first and until the last watcher heard."""
    await asyncio.sleep(PAUSE_SECONDS)
    await _tell(crowd, {})
    await _said(crowd)
    used = cpu_seconds(api.child.pid)
    (await client.post(f"/services/{service['id']}/next", json={"counter": str(n)})).raise_for_status()
    answered = time.monotonic()
    heard = await _said(crowd)
    if heard["lost"] or heard["heard"] < watchers:
        raise AssertionError(f"{heard['heard']} of {watchers} heard, {heard['lost']} were lost")
    return {
        "first": heard["first"] - answered,
        "last": heard["last"] - answered,
        "bytes": heard["bytes"],
        "cpu": cpu_seconds(api.child.pid) - used,
    }


@asynccontextmanager
async def _crowd(
    port: int, slug: str, number: int, updates: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.watcher", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        await _tell(process, {"port": port, "slug": slug, "watchers": number, "updates": updates})
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _tell(crowd: asyncio.subprocess.Process, what: dict[str, Any]) -> None:
    assert crowd.stdin is not None
    crowd.stdin.write(json.dumps(what).encode() + b"\n")
    await crowd.stdin.drain()


async def _said(crowd: asyncio.subprocess.Process) -> dict[str, float]:
    assert crowd.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        line = await crowd.stdout.readline()
    if not line:
        raise AssertionError("the watchers ended early")
    said: dict[str, float] = json.loads(line)
    return said


def _milliseconds(seconds: list[float]) -> dict[str, Any]:
    return {"median": round(median(seconds) * 1000), "all": [round(one * 1000) for one in seconds]}
