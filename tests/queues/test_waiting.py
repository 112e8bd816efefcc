"""Being in line: how it stands, leaving, stepping away, coming back; and who may know."""

from __future__ import annotations

import asyncio

import pytest

from app.accounts.models import Scope
from app.core.pagination import encode_cursor
from app.queues.models import LIVE, TRANSITIONS
from tests.queues.house import House, Json, problem


async def status(house: House, token: Json, **fields: object) -> None:
    await house.database["tokens"].update_one({"_id": token["id"]}, {"$set": fields})


async def test_people_ahead_are_counted_and_the_line_closes_up(house: House) -> None:
    line = await house.line()
    first, second, third = [await house.join(line) for _ in range(3)]
    assert [token["ahead"] for token in (first, second, third)] == [0, 1, 2]
    waits = [token["wait"]["median_minutes"] for token in (first, second, third)]
    assert waits == sorted(waits)
    await house.move(first, "cancel")
    assert (await house.show(third))["ahead"] == 1
    public = await house.public(line)
    assert (public["waiting"], public["next"]) == (2, [2, 3])


async def test_away_keeps_the_place(house: House) -> None:
    line = await house.line()
    first, second = await house.join(line), await house.join(line)
    away = (await house.move(first, "away")).json()
    assert (away["status"], away["ahead"]) == ("away", 0)
    assert (await house.public(line))["next"] == [2]
    assert (await house.show(second))["ahead"] == 0
    assert (await house.move(first, "back")).json()["status"] == "waiting"
    assert (await house.public(line))["next"] == [1, 2]


async def test_whoever_is_called_may_step_away_and_the_call_is_over(house: House) -> None:
    line = await house.line()
    token = await house.join(line)
    called = await house.call("POST", f"/services/{line['id']}/next", {"counter": "3"}, token=house.staff)
    assert called.json()["number"] == 1
    shown = await house.show(token)
    assert (shown["status"], shown["counter"], shown["served_number"]) == ("called", "3", 1)
    away = (await house.move(token, "away")).json()
    assert (away["status"], away["counter"], away["called_at"]) == ("away", None, None)
    assert (await house.public(line))["now_serving"] == []


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("cancel", "serving"),
        ("cancel", "completed"),
        ("cancel", "cancelled"),
        ("away", "away"),
        ("away", "serving"),
        ("back", "waiting"),
        ("back", "called"),
        ("back", "no_show"),
    ],
)
async def test_what_the_state_does_not_allow_is_refused(house: House, verb: str, state: str) -> None:
    token = await house.join(await house.line())
    await status(house, token, status=state)
    answer = await house.move(token, verb)
    assert problem(answer) == (409, "illegal_transition")
    assert answer.json()["state"] == state


async def test_cancelling_leaves_the_indexes_and_tells(house: House) -> None:
    token = await house.join(await house.line(capacity=3), phone="+436601234567")
    assert (await house.move(token, "cancel")).status_code == 200
    document = await house.document(token)
    assert not {"live_number", "alias_key", "contact_key", "place"} & set(document)
    assert document["ended_at"]
    assert [message["type"] for message in document["outbox"]] == ["token.joined", "token.cancelled"]
    assert document["outbox"][-1]["data"]["cause"] == "cancelled"
    assert [entry["to"] for entry in document["history"]] == ["waiting", "cancelled"]


async def test_parallel_moves_have_one_winner(house: House) -> None:
    token = await house.join(await house.line())
    answers = await asyncio.gather(*(house.move(token, "cancel") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_a_repeated_key_is_one_move(house: House) -> None:
    token = await house.join(await house.line())
    first = await house.move(token, "away", key="k")
    await house.move(token, "back")
    again = await house.move(token, "away", key="k")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (first.json()["status"], again.json()["status"]) == ("away", "waiting")


async def test_staff_may_with_the_version_they_have_seen(house: House) -> None:
    token = await house.join(await house.line())
    await house.move(token, "away")
    answer = await house.move(token, "cancel", house.staff, body={"version": 1})
    assert problem(answer) == (409, "stale_version")
    assert answer.json()["current"]["version"] == 2
    answer = await house.move(token, "cancel", house.staff, body={"version": 2})
    assert answer.json()["status"] == "cancelled"
    types = [message["type"] for message in (await house.document(token))["outbox"]]
    assert types[-2:] == ["token.cancelled", "token.cancel"]


async def test_strangers_find_nothing(house: House) -> None:
    line = await house.line()
    token, other = await house.join(line, alias="Me"), await house.join(line)
    elsewhere = await house.person("staff", Scope(services=frozenset({"svc_other"})))
    for stranger in (other["secret"], await house.person(), elsewhere):
        for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/away"), ("POST", "/back")):
            answer = await house.call(method, f"/tokens/{token['id']}{path}", token=stranger)
            assert problem(answer) == (404, "not_found")
    answer = await house.call("GET", f"/tokens/{token['id']}", token=token["alias"])
    assert answer.status_code == 401
    assert (await house.document(token))["version"] == 1


async def test_staff_of_the_line_see_who_it_is_and_not_the_secret(house: House) -> None:
    line = await house.line()
    token = await house.join(line, name="Ann", email="Ann@Example.com", phone="+43 660 1234567")
    here = await house.person("staff", Scope(services=frozenset({line["id"]})))
    seen = await house.show(token, here)
    assert (seen["name"], seen["email"], seen["phone"]) == ("Ann", "ann@example.com", "+436601234567")
    assert (seen["secret"], seen["url"], seen["text"]) == (None, None, None)
    mine = await house.show(token)
    assert not {"name", "email", "phone", "history"} & set(mine)
    assert token["secret"] in mine["text"]


async def test_staff_see_who_is_in_line_and_who_left_it_today(house: House) -> None:
    line = await house.line()
    tokens = [await house.join(line, name=name) for name in ("Ann", "Bob", "Cyd", "Dan")]
    await house.move(tokens[1], "away")
    await house.move(tokens[2], "cancel")
    path, seen, cursor = f"/services/{line['id']}/tokens", [], ""
    while True:
        page = (await house.call("GET", f"{path}?limit=2&cursor={cursor}", token=house.staff)).json()
        seen += [(one["number"], one["name"], one["status"]) for one in page["items"]]
        if not (cursor := page["next_cursor"] or ""):
            break
    assert seen == [(1, "Ann", "waiting"), (2, "Bob", "away"), (4, "Dan", "waiting")]
    for status, name in (("away", "Bob"), ("cancelled", "Cyd")):
        page = (await house.call("GET", f"{path}?status={status}", token=house.staff)).json()
        assert [one["name"] for one in page["items"]] == [name]
        assert tokens[1]["secret"] not in str(page)
    cursor = encode_cursor("$ne")
    answer = await house.call("GET", f"{path}?cursor={cursor}", token=house.staff)
    assert problem(answer) == (422, "invalid")


async def test_what_everybody_sees_is_numbers_only(house: House) -> None:
    line = await house.line()
    token = await house.join(line, name="Ann", email="ann@example.com", alias="Secret Agent")
    await house.call("POST", f"/services/{line['id']}/next", {"counter": "1"}, token=house.staff)
    await house.join(line, name="Bob")
    public = await house.public(line)
    assert set(public) == {
        "id", "slug", "name", "description", "timezone", "state", "counters", "remote_join", "verify",
        "opening_hours", "version", "now_serving", "waiting", "next", "waits", "wait", "served_today",
        "average_minutes_today",
    }  # fmt: skip
    [serving] = public["now_serving"]
    assert set(serving) == {"number", "counter", "since"}
    text = str(public)
    for private in ("Ann", "ann@", "Bob", "Agent", token["alias"], token["id"], token["secret"]):
        assert private not in text
    listed = (await house.call("GET", "/services?limit=200")).json()["items"]
    assert "Agent" not in str(listed)


def test_only_the_living_move_on_but_for_the_undoing_of_a_no_show() -> None:
    assert {state for state, to in TRANSITIONS.items() if to} == LIVE | {"no_show"}
    assert TRANSITIONS["no_show"] == {"waiting", "called"}
