"""What must be refused with 422 and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.catalogue.house import House, Json, event_body, seated_body, seating


def _standing(**fields: Any) -> list[Json]:
    return [{"name": "Standing", "price": 2500, "capacity": 100} | fields]


def _sections(*sections: Json) -> Json:
    return {"sections": list(sections)}


STALLS = seating(A=20)["sections"][0]

BAD_EVENTS: dict[str, Json] = {
    "operator for a name": {"name": {"$ne": None}},
    "operator for a currency": {"currency": {"$gt": ""}},
    "number for a name": {"name": 7},
    "no name": {"name": ""},
    "blank name": {"name": "   "},
    "name of two lines": {"name": "a\r\nSet-Cookie: x"},
    "right-to-left override": {"name": "Concert \u202egpj.exe"},
    "control character": {"description": "a\x00b"},
    "long name": {"name": "x" * 201},
    "long description": {"description": "x" * 10_001},
    "ours: status": {"status": "published"},
    "ours: _id": {"_id": "evt_1"},
    "ours: version": {"version": 4},
    "ours: created_by": {"created_by": "usr_1"},
    "naive time": {"starts_at": "2027-06-01T20:00:00"},
    "date only": {"starts_at": "2027-06-01"},
    "29 February of a common year": {"starts_at": "2027-02-29T20:00:00Z"},
    "year 9999": {"starts_at": "9999-12-31T23:59:59-12:00"},
    "year 1": {"starts_at": "0001-01-01T00:00:00+14:00"},
    "seconds since 1970": {"starts_at": 1_800_000_000},
    "seconds since 1970 as digits": {"starts_at": "1800000000"},
    "ends before it starts": {"ends_at": "2027-03-02T00:00:00Z"},
    "null time": {"starts_at": None},
    "unknown time zone": {"timezone": "Mars/Olympus"},
    "path for a time zone": {"timezone": "../../etc/passwd"},
    "offset for a time zone": {"timezone": "+02:00"},
    "unknown currency": {"currency": "XYZ1"},
    "no currency of the list": {"currency": "QQQ"},
    "small letters": {"currency": "eur"},
    "no ticket types": {"ticket_types": []},
    "null ticket types": {"ticket_types": None},
    "types as an object": {"ticket_types": {"0": {}}},
    "101 ticket types": {"ticket_types": [{"name": f"t{n}", "price": 1, "capacity": 1} for n in range(101)]},
    "two types of one name": {"ticket_types": _standing() * 2},
    "negative price": {"ticket_types": _standing(price=-1)},
    "float price": {"ticket_types": _standing(price=25.0)},
    "price as text": {"ticket_types": _standing(price="2500")},
    "price as money": {"ticket_types": _standing(price={"amount": 1, "currency": "EUR"})},
    "price too large": {"ticket_types": _standing(price=10**12 + 1)},
    "true for a price": {"ticket_types": _standing(price=True)},
    "capacity 0": {"ticket_types": _standing(capacity=0)},
    "capacity -1": {"ticket_types": _standing(capacity=-1)},
    "capacity above a million": {"ticket_types": _standing(capacity=1_000_001)},
    "capacity as text": {"ticket_types": _standing(capacity="100")},
    "no capacity": {"ticket_types": [{"name": "Standing", "price": 2500}]},
    "id of a type": {"ticket_types": _standing(id="tt_1")},
    "size of a type": {"ticket_types": _standing(size=7)},
    "sales end before they start": {
        "ticket_types": _standing(sales_start="2027-03-05T00:00:00Z", sales_end="2027-03-04T00:00:00Z")
    },
    "naive sales start": {"ticket_types": _standing(sales_start="2027-03-05T00:00:00")},
    "max per order 0": {"ticket_types": _standing(max_per_order=0)},
    "hold of 0 minutes": {"hold_minutes": 0},
    "hold of 61 minutes": {"hold_minutes": 61},
    "limit 0": {"max_per_customer": 0},
    "capacity of a seated type": {"ticket_types": _standing(name="Seat"), "seating": seating(A=20)},
    "section of an unknown type": {"seating": seating(A=20)},
    "section without rows": {"seating": seating(ticket_type="Standing")},
    "row without seats": {"seating": seating(ticket_type="Standing", A=0)},
    "row of 10,001": {"seating": seating(ticket_type="Standing", A=10_001)},
    "seats as a list": {"seating": _sections(STALLS | {"rows": [{"name": "A", "seats": [1, 2]}]})},
    "unknown field in a row": {
        "seating": _sections(STALLS | {"rows": [{"name": "A", "seats": 3, "price": 1}]})
    },
}


@pytest.mark.parametrize("fields", BAD_EVENTS.values(), ids=BAD_EVENTS.keys())
async def test_refuses(house: House, fields: Json) -> None:
    answer = await house.post("/events", event_body(**fields))
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"]
    assert await house.database["events"].count_documents({}) == 0


BAD_PLANS: dict[str, Json] = {
    "two sections of one name": _sections(STALLS, STALLS),
    "two rows of one name": _sections(STALLS | {"rows": STALLS["rows"] * 2}),
    "too many seats": _sections(
        STALLS | {"rows": [{"name": str(n), "seats": 10_000} for n in range(11)]},
    ),
    "too many rows": _sections(
        *(
            {
                "name": f"s{m}",
                "ticket_type": "Seat",
                "rows": [{"name": str(n), "seats": 1} for n in range(5_000)],
            }
            for m in range(3)
        )
    ),
    "long section name": seating(section="x" * 51, A=1),
    "operator for a type": _sections(STALLS | {"ticket_type": {"$ne": 1}}),
}


@pytest.mark.parametrize("plan", BAD_PLANS.values(), ids=BAD_PLANS.keys())
async def test_refuses_plan(house: House, plan: Json) -> None:
    answer = await house.post("/events", seated_body(seating=plan))
    assert answer.status_code == 422, answer.text
    assert await house.database["events"].count_documents({}) == 0


GOOD_EVENTS: dict[str, Json] = {
    "29 February of a leap year": {"starts_at": "2028-02-29T20:00:00Z"},
    "inside the hour that summer time skips, by its offset": {"starts_at": "2027-03-28T02:30:00+01:00"},
    "free": {"ticket_types": _standing(price=0)},
    "a currency without minor units": {"currency": "JPY"},
    "a currency with three digits": {"currency": "KWD"},
    "a name that looks like an operator": {"name": "$set {evil}", "venue": "$$NOW"},
    "a name that looks like a formula": {"name": "=cmd|' /C calc'!A0"},
    "null where nothing is meant": {"ends_at": None, "max_per_customer": None, "seating": None},
}


@pytest.mark.parametrize("fields", GOOD_EVENTS.values(), ids=GOOD_EVENTS.keys())
async def test_accepts(house: House, fields: Json) -> None:
    event = await house.draft(**fields)
    shown = await house.get(f"/events/{event['id']}", token="admin")
    assert shown.json() == event
    for name, value in fields.items():
        if name not in ("ticket_types", "starts_at"):
            assert event[name] == value


@pytest.mark.parametrize("role", ["customer", "staff"])
async def test_only_admins_change_events(house: House, role: str) -> None:
    event = await house.draft()
    before = await house.document(event["id"])
    for answer in (
        await house.post("/events", event_body(), token=role),
        await house.patch(event["id"], {"name": "Mine"}, token=role),
        await house.post(f"/events/{event['id']}/publish", token=role),
        await house.post(f"/events/{event['id']}/cancel", token=role),
    ):
        assert answer.status_code == 403
    assert await house.document(event["id"]) == before


@pytest.mark.parametrize("event_id", ["evt_1", "evt_01J00000000000000000000000", "$ne", "a" * 3000, "tt_x"])
async def test_absent_events_are_absent_everywhere(house: House, event_id: str) -> None:
    for answer in (
        await house.get(f"/events/{event_id}"),
        await house.get(f"/events/{event_id}/availability"),
        await house.get(f"/events/{event_id}/seats"),
        await house.patch(event_id, {"name": "x"}),
        await house.post(f"/events/{event_id}/publish"),
    ):
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
