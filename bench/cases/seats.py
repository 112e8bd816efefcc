"""A large event from cold: a process that has just started, a Redis that has just forgotten everything."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

import httpx

from bench.rig import Program, Rig, customers
from bench.scale import Scale

SEATS_A_ROW = 100
MAP_FORGOTTEN_SECONDS = 1.1


async def seats(rig: Rig, scale: Scale) -> dict[str, Any]:
    rows = [{"name": f"R{n}", "seats": SEATS_A_ROW} for n in range(scale.seats // SEATS_A_ROW)]
    async with rig.api() as api:
        event = await rig.event(
            api,
            ticket_types=[{"name": "Seat", "price": 5000}],
            seating={"sections": [{"name": "stalls", "ticket_type": "Seat", "rows": rows}]},
        )
    bookings, cold_maps, warm_maps, known_maps = [], [], [], []
    for trial in range(min(scale.trials, 5)):
        await rig.redis.flushall()
        async with rig.api() as api:
            bookings.append(await _first_booking(api, event["id"], f"stalls/R0/{trial + 1}"))
        async with rig.api() as api, _client(api) as client:
            cold, tag, size = await _map(client, event["id"])
            cold_maps.append(cold)
            await asyncio.sleep(MAP_FORGOTTEN_SECONDS)
            warm_maps.append((await _map(client, event["id"]))[0])
            known_maps.append((await _map(client, event["id"], tag))[0])
    return {
        "seats": scale.seats,
        "trials": len(bookings),
        "target_ms": {"first_booking": 1000, "map": 300},
        "first_booking_from_cold_ms": _milliseconds(bookings),
        "map_first_of_a_process_ms": _milliseconds(cold_maps),
        "map_drawn_again_ms": _milliseconds(warm_maps),
        "map_known_by_etag_ms": _milliseconds(known_maps),
        "map_kilobytes_zipped": size // 1024,
    }


def _client(api: Program) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{api.port}", timeout=30)


async def _first_booking(api: Program, event_id: str, seat: str) -> float:
    async with _client(api) as client:
        await client.get("/health/live")
        client.headers["Authorization"] = f"Bearer {customers(1)[0]}"
        body = {"items": [{"seat_id": seat}], "provider": "sandbox"}
        started = time.perf_counter()
        answer = await client.post(f"/api/v1/events/{event_id}/orders", json=body)
        seconds = time.perf_counter() - started
    if answer.status_code != 201:
        raise AssertionError(f"{answer.status_code}: {answer.text}")
    return seconds


async def _map(client: httpx.AsyncClient, event_id: str, tag: str = "") -> tuple[float, str, int]:
    """Seconds until the last byte as it came over the wire, its tag, its size."""
    await client.get("/health/live")
    headers = {"Accept-Encoding": "gzip", **({"If-None-Match": tag} if tag else {})}
    started = time.perf_counter()
    async with client.stream("GET", f"/api/v1/events/{event_id}/seats", headers=headers) as answer:
        size = len(b"".join([chunk async for chunk in answer.aiter_raw()]))
        seconds = time.perf_counter() - started
    if answer.status_code != (304 if tag else 200):
        raise AssertionError(f"the map answered {answer.status_code}")
    return seconds, answer.headers["etag"], size


def _milliseconds(seconds: list[float]) -> dict[str, Any]:
    return {"median": round(median(seconds) * 1000), "all": [round(one * 1000) for one in seconds]}
