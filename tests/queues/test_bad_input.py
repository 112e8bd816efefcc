"""What nobody should send is refused before it reaches anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.queues.house import House, Json, line_body, problem

RTL, NUL, LINE = "\N{RIGHT-TO-LEFT OVERRIDE}", "\x00", "a\r\nBcc: all@example.com"

JOINS: list[Json] = [
    {"name": LINE},
    {"name": f"Ann{RTL}nnA"},
    {"name": f"A{NUL}"},
    {"name": ""},
    {"name": "x" * 101},
    {"name": {"$gt": ""}},
    {"alias": LINE},
    {"alias": RTL},
    {"alias": "x" * 41},
    {"alias": ["$ne"]},
    {"email": "no address"},
    {"email": "a@example.com\r\nBcc: b@example.com"},
    {"email": {"$ne": None}},
    {"email": "a@example.com,b@example.com"},
    {"phone": "0660 1234567"},
    {"phone": "+43"},
    {"phone": "+43 660 CALL ME"},
    {"phone": "+436601234567;ext=1"},
    {"phone": "+43660\n1234567"},
    {"phone": "+٤٣٦٦٠١٢٣٤٥٦٧"},
    {"phone": 436601234567},
    {"notify_minutes_before": 0},
    {"notify_minutes_before": "5"},
    {"notify_minutes_before": 10**9},
    {"notify_changes": "yes"},
    {"number": 1},
    {"status": "called"},
    {"$where": "1"},
    {"priority": True},
]
LINES: list[Json] = [
    {"name": LINE},
    {"name": RTL},
    {"slug": "$ne"},
    {"slug": {"$gt": ""}},
    {"timezone": "Mars/Olympus"},
    {"timezone": "../../etc/passwd"},
    {"average_minutes": 0},
    {"average_minutes": "5"},
    {"average_minutes": True},
    {"counters": -1},
    {"counters": 1.5},
    {"capacity": 0},
    {"capacity": 10**6},
    {"verify": "sms"},
    {"remote_join": 1},
    {"opening_hours": [{"day": 7, "opens": "09:00", "closes": "10:00"}]},
    {"opening_hours": [{"day": 0, "opens": "9:00", "closes": "10:00"}]},
    {"opening_hours": [{"day": 0, "opens": "24:00", "closes": "10:00"}]},
    {"opening_hours": [{"day": 0, "opens": "09:00", "closes": "10:00", "and": 1}]},
    {"opening_hours": [{"day": 0, "opens": "09:00", "closes": "10:00"}] * 51},
    {"state": "closed"},
    {"invites": []},
    {"version": 3},
]


@pytest.fixture(scope="module")
async def line(house: House) -> Json:
    return await house.line()


@pytest.mark.parametrize("body", JOINS, ids=str)
async def test_joins(house: House, line: Json, body: Json) -> None:
    refused = [await house.try_join(line, **body)]
    if "priority" not in body:
        refused.append(await house.try_claim(line, "us_x.1", **body))
    for answer in refused:
        assert problem(answer) == (422, "invalid")
        assert "example.com" not in answer.text
    assert await house.documents(line) == []


@pytest.mark.parametrize("fields", LINES, ids=str)
async def test_lines(house: House, line: Json, fields: Json) -> None:
    answer = await house.call("POST", "/services", line_body(**fields), token=house.staff)
    assert problem(answer) == (422, "invalid")
    if "version" not in fields:
        answer = await house.call("PATCH", f"/services/{line['id']}", fields, token=house.staff)
        assert problem(answer) == (422, "invalid")


@pytest.mark.parametrize("invite", ["", "x" * 101, None, {"$gt": ""}, 1, ["us_x.1"]])
async def test_invites(house: House, line: Json, invite: Any) -> None:
    answer = await house.call("POST", f"/services/{line['id']}/claim", {"invite": invite})
    assert problem(answer) == (422, "invalid")


async def test_what_looks_like_an_operator_is_kept_as_it_is(house: House) -> None:
    token = await house.join(await house.line(), name="$secret_id", alias="$$NOW")
    document = await house.document(token)
    assert (document["contact"]["name"], document["own_alias"]) == ("$secret_id", "$$NOW")
    moved = (await house.move(token, "away")).json()
    assert moved["own_alias"] == "$$NOW"


async def test_phones_are_kept_in_one_spelling(house: House) -> None:
    line = await house.line()
    for spelling in ("+43 660 1234567", "+43 (660) 123-45-67", "+43.660.1234567", "+436601234567"):
        await house.join(line, phone=spelling)
    [document] = await house.documents(line)
    assert document["contact"]["phone"] == "+436601234567"


@pytest.mark.parametrize(
    "ref", ["%00", "..%2f..", "x" * 500, "%24ne", "svc_", "tok_01ARZ3NDEKTSV4RRFFQ69G5FAV"]
)
async def test_strange_names_are_absent(house: House, ref: str) -> None:
    answer = await house.call("GET", f"/services/{ref}")
    assert problem(answer) in ((404, "not_found"), (422, "invalid"))
    answer = await house.call("POST", f"/services/{ref}/tokens", {})
    assert problem(answer) in ((404, "not_found"), (422, "invalid"))
