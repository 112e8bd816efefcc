"""Answers "sold out", without and with an idempotency key, against an empty route with the same body
model and the same check of the access token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from bench.cases.requests import SIGNED_IN, WITH_KEY, booking, orders_path
from bench.compare import Ratio, in_turns
from bench.load import Load, run
from bench.rig import Program, Rig, customers
from bench.scale import Scale

CUSTOMERS = 20_000
"""Enough for nobody to meet the limit of bookings a minute."""


async def sold_out(rig: Rig, scale: Scale) -> dict[str, Any]:
    tokens = customers(CUSTOMERS)
    async with rig.api() as api, rig.baseline() as baseline:
        event = await rig.event(api, ticket_types=[{"name": "Standing", "price": 2500, "capacity": 1}])
        path, empty = orders_path(event), f"/empty/{event['id']}"
        await run(Load(booking(path, event), 1, requests=1, tokens=tokens[:1]), api.port)
        ask = _Asking(scale, tokens, event)
        rates = await in_turns(
            {
                "without key": ask.measure(api, path, SIGNED_IN, "409"),
                "empty": ask.measure(baseline, empty, SIGNED_IN, "200"),
                "with key": ask.measure(api, path, WITH_KEY, "409"),
            },
            scale.trials,
        )
    return {
        "sold out without key": {"target": 0.7, **Ratio(rates["without key"], rates["empty"]).numbers()},
        "sold out with key": {"target": 0.3, **Ratio(rates["with key"], rates["empty"]).numbers()},
    }


class _Asking:
    def __init__(self, scale: Scale, tokens: list[str], event: Mapping[str, Any]) -> None:
        self._scale = scale
        self._tokens = tokens
        self._event = event
        self._numbers = count(0, 1_000_000)

    def measure(
        self, program: Program, path: str, headers: Mapping[str, str], status: str
    ) -> Callable[[], Awaitable[float]]:
        template = booking(path, self._event, headers)

        async def measure() -> float:
            load = Load(
                template,
                self._scale.connections,
                seconds=self._scale.seconds,
                warm_up=0.3,
                tokens=self._tokens,
                first=next(self._numbers),
            )
            return (await run(load, program.port)).rate(status)

        return measure
