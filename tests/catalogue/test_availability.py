"""Counts and seat maps: true for the process that wrote, and soon for its neighbours."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from app.catalogue.routes import accepts_gzip
from app.core.redis import Client
from app.stock.models import place_unit
from tests.catalogue.house import House, event_body, seated_body, type_of


async def _sell(house: House, event_id: str, *units: str, status: str = "confirmed") -> None:
    """A booking that went past Redis: stock reads it from the database."""
    await house.claim(event_id, *units, status=status)
    await house.stock.drop(event_id)
    house.availability.forget(event_id)


async def test_counts_free_held_and_sold(house: House) -> None:
    event = await house.published(**seated_body())
    standing, seat = type_of(event, "Standing"), type_of(event, "Seat")
    await _sell(house, event["id"], place_unit(standing["id"], 1), "s/stalls/A/1")
    await _sell(house, event["id"], "s/stalls/A/2", "s/stalls/B/10", status="pending")
    answer = (await house.get(f"/events/{event['id']}/availability")).json()
    assert answer["event_id"] == event["id"]
    assert answer["as_of"] == "2027-03-01T12:00:00.000Z"
    assert answer["ticket_types"] == [
        {"id": standing["id"], "name": "Standing", "capacity": 100, "available": 99, "held": 0, "sold": 1},
        {"id": seat["id"], "name": "Seat", "capacity": 30, "available": 27, "held": 2, "sold": 1},
    ]
    seats = (await house.get(f"/events/{event['id']}/seats")).json()["seats"]
    assert len(seats) == 30
    assert {one["id"]: one["status"] for one in seats if one["status"] != "available"} == {
        "stalls/A/1": "sold",
        "stalls/A/2": "held",
        "stalls/B/10": "held",
    }
    assert {one["ticket_type_id"] for one in seats} == {seat["id"]}


async def test_a_process_reads_its_own_writes(house: House) -> None:
    event = await house.published(**seated_body())
    for n in range(1, 6):
        await _sell(house, event["id"], f"s/stalls/B/{n}")
        counts = type_of((await house.get(f"/events/{event['id']}/availability")).json(), "Seat")
        assert counts["sold"] == n
        seats = (await house.get(f"/events/{event['id']}/seats")).json()["seats"]
        assert sum(seat["status"] == "sold" for seat in seats) == n


async def test_neighbours_see_a_change_within_a_second(house: House, neighbour: House) -> None:
    event = await house.published()
    path = f"/events/{event['id']}"
    assert (await neighbour.get(f"{path}/availability")).json()["ticket_types"][0]["capacity"] == 100
    assert (await neighbour.catalogue.cached(event["id"])).version == 2
    await house.patch(event["id"], {"ticket_types": [{"name": "Standing", "capacity": 120}]})
    assert (await neighbour.get(path)).json()["version"] == 3
    assert (await neighbour.catalogue.cached(event["id"])).version == 2
    await asyncio.sleep(1.1)
    assert (await neighbour.get(f"{path}/availability")).json()["ticket_types"][0]["available"] == 120
    assert (await neighbour.catalogue.cached(event["id"])).version == 3


async def test_fresh_reads_at_once(house: House, neighbour: House) -> None:
    event = await house.published()
    assert (await neighbour.catalogue.cached(event["id"])).status == "published"
    await house.post(f"/events/{event['id']}/cancel")
    assert (await house.catalogue.cached(event["id"])).status == "cancelled"
    assert (await neighbour.catalogue.fresh(event["id"])).status == "cancelled"
    assert (await neighbour.catalogue.cached(event["id"])).status == "cancelled"


async def test_counts_survive_a_flushed_redis(house: House, redis: Client) -> None:
    event = await house.published()
    await redis.flushall()
    house.availability.forget(event["id"])
    counts = (await house.get(f"/events/{event['id']}/availability")).json()["ticket_types"][0]
    assert (counts["available"], counts["held"], counts["sold"]) == (100, 0, 0)


async def test_the_seat_map_travels_zipped_and_only_when_new(house: House) -> None:
    event = await house.published(**seated_body())
    path = f"/events/{event['id']}/seats"
    plain = await house.get(path, accept_encoding="identity")
    zipped = await house.get(path, accept_encoding="gzip, br")
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "Accept-Encoding"
    assert zipped.content == plain.content
    assert plain.headers["etag"] == zipped.headers["etag"]
    known = await house.get(path, if_none_match=f'"other", {plain.headers["etag"]}')
    assert (known.status_code, known.content) == (304, b"")
    await _sell(house, event["id"], "s/stalls/A/1")
    changed = await house.get(path, if_none_match=plain.headers["etag"])
    assert changed.status_code == 200
    assert changed.headers["etag"] != plain.headers["etag"]


async def test_fifty_thousand_seats_are_a_small_document(house: House) -> None:
    plan = {
        "sections": [
            {
                "name": f"block {s}",
                "ticket_type": "Seat",
                "rows": [{"name": f"row {r}", "seats": 50} for r in range(20)],
            }
            for s in range(50)
        ]
    }
    kinds = [{"name": "Seat", "price": 4000}]
    event = await house.published(**event_body(ticket_types=kinds, seating=plan))
    assert event["ticket_types"][0]["capacity"] == 50_000
    assert len(json.dumps(await house.document(event["id"]), default=str)) < 100_000
    seats = await house.availability.seats(event["id"])
    assert len(json.loads(gzip.decompress(seats.zipped))["seats"]) == 50_000
    listed = (await house.get("/events")).json()["items"]
    assert "seating" not in listed[0]


@pytest.mark.parametrize(
    ("header", "accepts"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("gzip;q=0.10", True),
    ],
)
def test_reads_accept_encoding(header: str, accepts: bool) -> None:
    assert accepts_gzip(header) is accepts


async def test_an_event_without_seats_has_an_empty_map(house: House) -> None:
    event = await house.published()
    assert (await house.get(f"/events/{event['id']}/seats")).json() == {"seats": []}
