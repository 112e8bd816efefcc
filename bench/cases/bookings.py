"""Bookings that win, with the worker until it has told everything, against a minimal booking."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

from app.embedded.child import Child
from bench.baseline import STOCK
from bench.cases.requests import booking, orders_path
from bench.compare import Ratio, in_turns
from bench.load import Load, run
from bench.rig import Program, Rig, cpu_seconds, customers
from bench.scale import Scale

CUSTOMERS = 10_000


async def bookings(rig: Rig, scale: Scale) -> dict[str, Any]:
    tokens, numbers = customers(CUSTOMERS), count(0, 1_000_000)
    await rig.redis.set(STOCK, 10_000_000)
    answered: list[float] = []
    async with rig.api() as api, rig.baseline() as baseline, rig.worker() as worker:
        event = await rig.event(api)

        async def book(port: int, path: str) -> float:
            """Seconds until the last answer."""
            template = booking(path, event)
            load = Load(
                template, scale.connections, requests=scale.bookings, tokens=tokens, first=next(numbers)
            )
            outcome = await run(load, port)
            return scale.bookings / outcome.rate("201")

        async def ours() -> float:
            asked = await book(api.port, orders_path(event))
            answered.append(scale.bookings / asked)
            ended = time.monotonic()
            await rig.drained()
            return scale.bookings / (asked + time.monotonic() - ended)

        async def minimal() -> float:
            return scale.bookings / await book(baseline.port, f"/minimal/{event['id']}")

        await ours()  # Connections, pictures and caches are made once.
        await minimal()
        answered.clear()
        rates = await in_turns({"ours": ours, "theirs": minimal}, scale.trials)
        before = {name: cpu_seconds(pid) for name, pid in _programs(rig, api, worker).items()}
        await ours()
        cpu = {name: cpu_seconds(pid) - before[name] for name, pid in _programs(rig, api, worker).items()}
    return {
        "target": 0.6,
        **Ratio(rates["ours"], rates["theirs"]).numbers(),
        "answered_per_second": [round(rate) for rate in answered],
        "cpu_ms_per_booking": {name: round(used * 1000 / scale.bookings, 3) for name, used in cpu.items()},
    }


def _programs(rig: Rig, api: Program, worker: Child) -> dict[str, int]:
    return {
        "api": api.child.pid,
        "worker": worker.pid,
        "mongod": rig.mongod.child.pid,
        "redis": rig.redis_server.child.pid,
    }
