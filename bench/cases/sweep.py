"""Holds whose time is over, by the hundred thousand, beside a sale that goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

from app.core.ids import new_id
from bench.cases.requests import booking, orders_path
from bench.load import Load, run
from bench.rig import Program, Rig, customers
from bench.scale import Scale

CUSTOMERS = 10_000
BATCH = 5_000


async def sweep(rig: Rig, scale: Scale) -> dict[str, Any]:
    sale = _Sale(scale)
    async with rig.api() as api:
        event, old = await rig.event(api), await rig.event(api)
        await _leave_overdue(rig, api, old, scale.overdue)
        async with rig.worker(told=False):
            started = time.monotonic()
            swept = asyncio.create_task(_swept(rig, old["id"]))
            during = []
            while not swept.done():
                during.append(await sale.rate(api, event))
            seconds = await swept - started
            await rig.drained()
            told = time.monotonic() - started
            undisturbed = [await sale.rate(api, event) for _ in range(scale.trials)]
    return {
        "overdue": scale.overdue,
        "target": {"seconds": 120, "ratio": 0.9},
        "swept_in_seconds": round(seconds, 1),
        "all_told_after_seconds": round(told, 1),
        "ratio": round(median(during) / median(undisturbed), 3),
        "bookings_per_second_during": [round(rate) for rate in during],
        "bookings_per_second_undisturbed": [round(rate) for rate in undisturbed],
    }


class _Sale:
    def __init__(self, scale: Scale) -> None:
        self._scale = scale
        self._tokens = customers(CUSTOMERS)
        self._numbers = count(0, 1_000_000)

    async def rate(self, api: Program, event: Mapping[str, Any]) -> float:
        load = Load(
            booking(orders_path(event), event),
            self._scale.connections,
            seconds=self._scale.seconds,
            tokens=self._tokens,
            first=next(self._numbers),
        )
        return (await run(load, api.port)).rate("201")


async def _leave_overdue(rig: Rig, api: Program, event: Mapping[str, Any], number: int) -> None:
    """Copies of a real booking, an hour old and never opened."""
    load = Load(booking(orders_path(event), event), 1, requests=1, tokens=customers(1))
    await run(load, api.port)
    orders = rig.database["orders"]
    real = await orders.find_one({"event_id": event["id"]})
    assert real is not None
    prefix = real["units"][0].rpartition("/")[0]
    past = rig.services.engines.clock.now() - timedelta(hours=1)
    for first in range(2, number + 2, BATCH):
        numbers = range(first, min(first + BATCH, number + 2))
        await orders.insert_many([_copy(real, f"{prefix}/{n}", past) for n in numbers], ordered=False)
    await rig.services.sales.stock.drop(event["id"])


def _copy(real: Mapping[str, Any], unit: str, past: Any) -> dict[str, Any]:
    copy = {
        **real,
        "_id": new_id("ord"),
        "units": [unit],
        "claims": [unit],
        "deadline": past,
        "created_at": past,
    }
    copy.pop("outbox", None)
    return copy


async def _swept(rig: Rig, event_id: str) -> float:
    """When the last of them had ended."""
    orders = rig.database["orders"]
    left: Mapping[str, Any] = {"event_id": event_id, "status": "pending", "deadline": {"$lt": _now(rig)}}
    while await orders.find_one(left, {"_id": 1}, hint="deadline"):  # noqa: ASYNC110 — another process's work.
        await asyncio.sleep(0.25)
    return time.monotonic()


def _now(rig: Rig) -> Any:
    return rig.services.engines.clock.now()
