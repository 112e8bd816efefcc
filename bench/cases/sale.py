"""One sale from the first request to long after the last place: memory stays flat, and so does waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.cases.requests import booking, orders_path
from bench.load import Load, run
from bench.rig import Program, Rig, customers
from bench.scale import Scale

REQUESTS_A_PLACE = 5
SAMPLE_SECONDS = 0.25


async def sale(rig: Rig, scale: Scale) -> dict[str, Any]:
    requests = scale.places * REQUESTS_A_PLACE
    async with rig.api() as api, rig.worker():
        event = await rig.event(
            api, ticket_types=[{"name": "Standing", "price": 2500, "capacity": scale.places}]
        )
        load = Load(
            booking(orders_path(event), event),
            scale.connections,
            requests=requests,
            tokens=customers(scale.places),
        )
        async with _memory(api) as samples:
            outcome = await run(load, api.port)
        await rig.drained()
    sold = outcome.statuses.get("201", 0)
    if sold != scale.places or set(outcome.statuses) != {"201", "409"}:
        raise AssertionError(f"of {scale.places} places {sold} were sold: {dict(outcome.statuses)}")
    tenth = len(samples) // 10
    return {
        "places": scale.places,
        "requests": requests,
        "seconds": round(outcome.seconds, 1),
        "statuses": dict(outcome.statuses),
        "memory_mb": {
            "at_start": round(samples[0], 1),
            "after_a_tenth": round(samples[tenth], 1),
            "at_half": round(samples[len(samples) // 2], 1),
            "at_end": round(samples[-1], 1),
        },
        "first_tenth": outcome.latency["first_tenth"],
        "last_tenth": outcome.latency["last_tenth"],
    }


@asynccontextmanager
async def _memory(program: Program) -> AsyncIterator[list[float]]:
    samples = [program.memory]

    async def watch() -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            samples.append(program.memory)

    watching = asyncio.create_task(watch())
    try:
        yield samples
    finally:
        watching.cancel()
        samples.append(program.memory)
