"""Joining a line and calling from it, against a minimal booking; and calling from a long line against a
short one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

from app.core.ids import new_id
from bench.baseline import STOCK
from bench.cases.requests import booking
from bench.compare import Ratio, in_turns
from bench.load import Load, post, run
from bench.rig import Program, Rig, customers
from bench.scale import Scale

CUSTOMERS = 10_000
COUNTERS = 20
CALLS = 500
"""Of one measurement; a line as short as that is short."""
BATCH = 5_000
UNLIMITED = {"USHER_JOINS_PER_MINUTE": "1000000000"}
_NAMES = (f"desk-{n}" for n in count())


async def joins(rig: Rig, scale: Scale) -> dict[str, Any]:
    """Answered only: what a join tells, a worker tells later."""
    await rig.redis.set(STOCK, 10_000_000)
    async with rig.api(**UNLIMITED) as api, rig.baseline() as baseline:
        line = await _line(rig, api)
        minimal = _Minimal(scale, await rig.event(api), baseline)

        async def join() -> float:
            template = post(f"/api/v1/services/{line['id']}/tokens", {"name": "Ann"})
            load = Load(template, scale.connections, requests=scale.bookings)
            return (await run(load, api.port)).rate("201")

        await join()  # Connections and caches are made once.
        await minimal.rate()
        rates = await in_turns({"ours": join, "theirs": minimal.rate}, scale.trials)
    return {"target": 0.35, **Ratio(rates["ours"], rates["theirs"]).numbers()}


async def calls(rig: Rig, scale: Scale) -> dict[str, Any]:
    await rig.redis.set(STOCK, 10_000_000)
    async with rig.api(**UNLIMITED) as api, rig.baseline() as baseline:
        async with rig.client(api) as client:
            staff = {"Authorization": client.headers["Authorization"]}
        minimal = _Minimal(scale, await rig.event(api), baseline)

        def call_from(waiting: int) -> Callable[[], Awaitable[float]]:
            async def measure() -> float:
                line = await _line(rig, api)
                await _fill(rig, api, line, waiting)
                template = post(f"/api/v1/services/{line['id']}/next", {"counter": "1"}, staff)
                outcome = await run(Load(template, COUNTERS, requests=CALLS), api.port)
                latencies.setdefault(waiting, []).append(outcome.latency["all"]["p50_ms"])
                return outcome.rate("200")

            return measure

        latencies: dict[int, list[float]] = {}
        long, short = call_from(scale.waiting), call_from(CALLS)
        await short()
        await minimal.rate()
        rates = await in_turns({"long": long, "short": short, "minimal": minimal.rate}, scale.trials)
    p50 = {str(waiting): sorted(found)[len(found) // 2] for waiting, found in latencies.items()}
    return {
        f"calls from {scale.waiting} against {CALLS} waiting": {
            "target": 0.9,
            **Ratio(rates["long"], rates["short"]).numbers(),
            "p50_ms_by_waiting": p50,
        },
        f"calls from {scale.waiting} waiting": {
            "target": 0.3,
            **Ratio(rates["long"], rates["minimal"]).numbers(),
        },
    }


class _Minimal:
    def __init__(self, scale: Scale, event: Mapping[str, Any], baseline: Program) -> None:
        self._scale = scale
        self._template = booking(f"/minimal/{event['id']}", event)
        self._port = baseline.port
        self._tokens = customers(CUSTOMERS)
        self._numbers = count(0, 1_000_000)

    async def rate(self) -> float:
        load = Load(
            self._template,
            self._scale.connections,
            requests=self._scale.bookings,
            tokens=self._tokens,
            first=next(self._numbers),
        )
        return (await run(load, self._port)).rate("201")


async def _line(rig: Rig, api: Program) -> dict[str, Any]:
    body = {"name": "Desk", "slug": next(_NAMES), "timezone": "Europe/Berlin", "remote_join": True}
    async with rig.client(api) as client:
        made = (await client.post("/services", json=body)).raise_for_status()
    line: dict[str, Any] = made.json()
    return line


async def _fill(rig: Rig, api: Program, line: Mapping[str, Any], waiting: int) -> None:
    """Copies of a real token, one second apart."""
    async with rig.client(api) as client:
        (await client.post(f"/services/{line['id']}/tokens", json={})).raise_for_status()
    tokens = rig.database["tokens"]
    real = await tokens.find_one({"service_id": line["id"]})
    assert real is not None
    for first in range(2, waiting + 1, BATCH):
        numbers = range(first, min(first + BATCH, waiting + 1))
        await tokens.insert_many([_copy(real, number) for number in numbers], ordered=False)


def _copy(real: Mapping[str, Any], number: int) -> dict[str, Any]:
    token_id = new_id("tok")
    own = {"_id": token_id, "secret_id": token_id, "number": number, "live_number": number, "outbox": []}
    alias = {"alias": f"otter-{number}", "alias_key": f"otter-{number}"}
    return {**real, **own, **alias, "joined_at": real["joined_at"] + timedelta(seconds=number)}
