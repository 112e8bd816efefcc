"""Availability reads against an empty route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bench.compare import Ratio, in_turns
from bench.load import Load, get, run
from bench.rig import Program, Rig
from bench.scale import Scale


async def availability(rig: Rig, scale: Scale) -> dict[str, Any]:
    async with rig.api() as api, rig.baseline() as baseline:
        event = await rig.event(api)
        rates = await in_turns(
            {
                "ours": _reading(scale, api, f"/api/v1/events/{event['id']}/availability"),
                "theirs": _reading(scale, baseline, f"/empty/{event['id']}"),
            },
            scale.trials,
        )
    return {"target": 0.7, **Ratio(rates["ours"], rates["theirs"]).numbers()}


def _reading(scale: Scale, program: Program, path: str) -> Callable[[], Awaitable[float]]:
    load = Load(get(path), scale.connections, seconds=scale.seconds, warm_up=0.3)

    async def measure() -> float:
        return (await run(load, program.port)).rate("200")

    return measure
