"""PATCH: a draft is free, a published event keeps its promises."""

from __future__ import annotations

from typing import Any

import pytest

from app.stock.models import place_unit
from tests.catalogue.house import House, Json, event_body, seated_body, seating, type_of


async def test_a_draft_may_become_anything(house: House) -> None:
    event = await house.draft(**seated_body())
    standing = type_of(event, "Standing")
    body: Json = {
        "currency": "JPY",
        "max_per_customer": 4,
        "ticket_types": [
            {"id": standing["id"], "name": "Floor", "capacity": 50},
            {"name": "Standing", "price": 1, "capacity": 7},
        ],
        "seating": None,
    }
    changed = (await house.patch(event["id"], body)).json()
    floor, new = changed["ticket_types"]
    assert (floor["id"], floor["name"], floor["price"], floor["capacity"]) == (
        standing["id"],
        "Floor",
        2500,
        50,
    )
    assert new["id"] not in {kind["id"] for kind in event["ticket_types"]}
    assert (changed["currency"], changed["seating"], changed["version"]) == ("JPY", None, 2)


async def test_what_is_left_out_stays_and_null_empties(house: House) -> None:
    event = await house.draft(ends_at="2027-04-01T00:00:00Z", max_per_customer=3)
    changed = (await house.patch(event["id"], {"ends_at": None})).json()
    assert changed == event | {"ends_at": None, "version": 2}


@pytest.mark.parametrize("body", [{}, {"name": "Night of Organs"}, {"version": 2}])
async def test_no_difference_is_no_new_version(house: House, body: Json) -> None:
    event = await house.published()
    assert (await house.patch(event["id"], body)).json() == event


async def test_a_stale_version_gets_the_current_event(house: House) -> None:
    event = await house.published()
    answer = await house.patch(event["id"], {"version": 1, "name": "Late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert answer.json()["current"] == event


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"hold_minutes": None},
        {"currency": None},
        {"ticket_types": None},
        {"ticket_types": []},
        {"ticket_types": [{"id": "tt_01J00000000000000000000000", "price": 1}]},
        {"ticket_types": [{"name": "New", "capacity": 7}]},
        {"ticket_types": [{"name": "Standing"}, {"name": "Standing"}]},
        {"ticket_types": [{"name": "Standing", "seated": True}]},
        {"status": "published"},
        {"ends_at": "2027-03-02T00:00:00Z"},
        {
            "seating": {
                "sections": [{"name": "s", "ticket_type": "Nobody", "rows": [{"name": "A", "seats": 1}]}]
            }
        },
    ],
)
async def test_bad_changes_change_nothing(house: House, body: Json) -> None:
    for event in (await house.draft(), await house.published()):
        before = await house.document(event["id"])
        answer = await house.patch(event["id"], body)
        assert answer.status_code == 422, answer.text
        assert await house.document(event["id"]) == before


SEAT = {"name": "Seat"}
STANDING = {"name": "Standing"}


@pytest.mark.parametrize(
    "body",
    [
        {"currency": "USD"},
        {"max_per_customer": 1},
        {"ticket_types": [STANDING]},
        {"ticket_types": [SEAT, {"name": "Standing renamed", "price": 1, "capacity": 100}]},
        {"seating": seating(ticket_type="Standing", A=20, B=10)},
        {"seating": seating(section="gallery", ticket_type="Standing", A=1)},
    ],
)
async def test_a_published_event_keeps_its_promises(house: House, body: Json) -> None:
    event = await house.published(**seated_body(max_per_customer=2))
    before = await house.document(event["id"])
    answer = await house.patch(event["id"], body)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert await house.document(event["id"]) == before


async def test_a_limit_may_be_raised_and_removed_but_not_brought_in(house: House) -> None:
    event = await house.published(max_per_customer=2)
    assert (await house.patch(event["id"], {"max_per_customer": 3})).status_code == 200
    assert (await house.patch(event["id"], {"max_per_customer": None})).status_code == 200
    assert (await house.patch(event["id"], {"max_per_customer": 9})).status_code == 409


async def test_a_published_event_may_grow(house: House) -> None:
    event = await house.published(**seated_body())
    plan = seating(A=22, B=10, C=5)
    plan["sections"].append({"name": "box", "ticket_type": "Box", "rows": [{"name": "1", "seats": 4}]})
    kinds = [STANDING | {"capacity": 150, "price": 3000}, SEAT, {"name": "Box", "price": 9000}]
    answer = await house.patch(event["id"], {"ticket_types": kinds, "seating": plan})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert [kind["capacity"] for kind in changed["ticket_types"]] == [150, 37, 4]
    assert changed["seating"] == plan
    assert {kind["id"] for kind in event["ticket_types"]} < {kind["id"] for kind in changed["ticket_types"]}
    counts = (await house.get(f"/events/{event['id']}/availability")).json()["ticket_types"]
    assert [kind["available"] for kind in counts] == [150, 37, 4]
    assert (await house.document(event["id"]))["outbox"][-1]["type"] == "event.updated"


async def test_lowering_the_capacity_blocks_places(house: House) -> None:
    event = await house.published()
    standing = type_of(event, "Standing")["id"]
    await house.claim(event["id"], *(place_unit(standing, n) for n in range(1, 41)))
    await house.stock.drop(event["id"])

    async def lower(capacity: int) -> Any:
        return await house.patch(event["id"], {"ticket_types": [STANDING | {"capacity": capacity}]})

    assert (await lower(40)).json()["ticket_types"][0]["capacity"] == 40
    refused = await lower(39)
    assert (refused.status_code, refused.json()["code"]) == (409, "capacity_in_use")
    counts = (await house.get(f"/events/{event['id']}/availability")).json()["ticket_types"][0]
    assert (counts["capacity"], counts["available"], counts["sold"]) == (40, 0, 40)
    assert (await lower(60)).json()["ticket_types"][0]["capacity"] == 60
    counts = (await house.get(f"/events/{event['id']}/availability")).json()["ticket_types"][0]
    assert (counts["capacity"], counts["available"], counts["sold"]) == (60, 20, 40)
    assert (await house.document(event["id"]))["ticket_types"][0]["size"] == 120


async def test_closing_seats_blocks_them(house: House) -> None:
    event = await house.published(**seated_body())
    changed = (await house.patch(event["id"], {"seating": seating(A=18)})).json()
    assert changed["seating"] == seating(A=18)
    assert type_of(changed, "Seat")["capacity"] == 18
    assert await house.stock.blocked(event["id"]) == {
        f"s/stalls/{seat}": 1 for seat in ("A/19", "A/20", *(f"B/{n}" for n in range(1, 11)))
    }
    seats = (await house.get(f"/events/{event['id']}/seats")).json()["seats"]
    assert [seat["id"] for seat in seats] == [f"stalls/A/{n}" for n in range(1, 19)]
    counts = type_of((await house.get(f"/events/{event['id']}/availability")).json(), "Seat")
    assert (counts["capacity"], counts["available"], counts["sold"]) == (18, 18, 0)
    reopened = await house.patch(event["id"], {"seating": seating(A=20)})
    assert (reopened.status_code, reopened.json()["code"]) == (409, "illegal_transition")


async def test_claimed_seats_cannot_be_closed(house: House) -> None:
    event = await house.published(**seated_body())
    await house.claim(event["id"], "s/stalls/A/20")
    before = await house.document(event["id"])
    answer = await house.patch(event["id"], {"seating": seating(A=19, B=10)})
    assert (answer.status_code, answer.json()["code"]) == (409, "capacity_in_use")
    assert await house.document(event["id"]) == before
    assert await house.stock.blocked(event["id"]) == {}


async def test_two_reductions_stand_or_fall_together(house: House) -> None:
    event = await house.published(**seated_body())
    await house.claim(event["id"], "s/stalls/A/20")
    await house.stock.drop(event["id"])
    body = {"ticket_types": [STANDING | {"capacity": 10}, SEAT], "seating": seating(A=19, B=10)}
    assert (await house.patch(event["id"], body)).status_code == 409
    assert await house.stock.blocked(event["id"]) == {}


async def test_seat_names_may_hold_anything(house: House) -> None:
    plan = seating(section="Loge / links", ticket_type="Standing", **{"ä%": 2})
    kinds = [{"name": "Standing", "price": 1}]
    event = await house.published(**event_body(ticket_types=kinds, seating=plan))
    assert event["seating"] == plan
    seats = (await house.get(f"/events/{event['id']}/seats")).json()["seats"]
    assert seats[0]["id"] == "Loge%20%2F%20links/%C3%A4%25/1"
