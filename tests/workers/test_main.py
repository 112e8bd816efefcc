"""``usher worker`` as a process: it waits for its servers, outlives them, and stops when told."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from ulid import ULID

from app.embedded.child import Child
from app.embedded.ports import free_port
from tests.servers import Servers

pytestmark = pytest.mark.process


@asynccontextmanager
async def worker(servers: Servers, log: Path, metrics_port: int) -> AsyncIterator[Child]:
    async def ready() -> bool:
        return "worker_started" in said(log)

    child = Child(
        "worker",
        [sys.executable, "-m", "app.cli", "worker"],
        environment={
            "USHER_MONGODB_URL": servers.mongod.url,
            "USHER_MONGODB_DATABASE": f"test_{ULID()}".lower(),
            "USHER_REDIS_URL": servers.redis.url,
            "USHER_METRICS_PORT": str(metrics_port),
            "PATH": os.environ["PATH"],
        },
        log=log,
        ready=ready,
        start_seconds=120,
        stop_seconds=60,
    )
    try:
        yield child
    finally:
        await child.kill()


async def test_it_works_counts_and_stops(servers: Servers, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "worker.log"
    async with worker(servers, log, port) as child:
        await child.start()
        swept, metrics = 'usher_sweeps_total{name="orders overdue",outcome="done"}', ""
        async with httpx.AsyncClient(timeout=30) as http, asyncio.timeout(60):
            while swept not in metrics:
                await asyncio.sleep(0.1)
                metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        assert 'outcome="failed"' not in metrics
        await child.stop()
        assert await child.wait() == 0
    text = said(log)
    assert "worker_stopped" in text
    assert "Traceback" not in text
    assert '"level":"error"' not in text


def said(log: Path) -> str:
    return log.read_text()
