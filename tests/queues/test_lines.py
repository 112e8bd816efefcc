"""Making lines and changing them: versions, addresses, states, keys, and what is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.accounts.models import Scope
from tests.queues.house import House, Json, line_body, problem


async def document(house: House, line: Json) -> Json:
    found = await house.database["services"].find_one({"_id": line["id"]})
    assert found is not None
    return found


async def post(house: House, path: str, body: Any = None, **more: Any) -> Any:
    more.setdefault("token", house.staff)
    return await house.call("POST", path, body, **more)


async def test_a_new_line_is_open_and_told(house: House) -> None:
    line = await house.line(opening_hours=[{"day": 0, "opens": "09:00", "closes": "12:30"}])
    assert (line["state"], line["version"], line["counters"]) == ("open", 1, 1)
    found = await document(house, line)
    assert [message["type"] for message in found["outbox"]] == ["service.created", "service.created"]
    assert [message["stream"] for message in found["outbox"]] == ["services", "audit"]
    assert found["outbox"][0]["data"] == {"service_id": line["id"], "slug": line["slug"], "state": "open"}


async def test_it_is_found_by_id_and_by_slug(house: House) -> None:
    line = await house.line()
    for ref in (line["id"], line["slug"]):
        public = (await house.call("GET", f"/services/{ref}")).json()
        assert (public["id"], public["waiting"], public["now_serving"]) == (line["id"], 0, [])
        assert "settings" not in public
        staff = (await house.call("GET", f"/services/{ref}", token=house.staff)).json()
        assert staff["settings"] == line
    assert await house.lines.directory.known(line["slug"])
    assert not await house.lines.directory.known("nobody-home")
    assert not await house.lines.directory.known("../etc")


async def test_one_address_is_one_lines(house: House) -> None:
    line, other = await house.line(), await house.line()
    answer = await post(house, "/services", line_body(slug=line["slug"]))
    assert problem(answer) == (409, "slug_taken")
    body = {"slug": line["slug"]}
    answer = await house.call("PATCH", f"/services/{other['id']}", body, token=house.staff)
    assert problem(answer) == (409, "slug_taken")
    await house.change(line, slug=f"{line['slug'][:30]}-new")
    former = await house.call("GET", f"/services/{line['slug']}")
    assert former.json()["id"] == line["id"], "links with the old address are in people's hands"
    await house.change(other, slug=line["slug"])
    assert (await house.call("GET", f"/services/{line['slug']}")).json()["id"] == other["id"]


async def test_a_rush_for_one_address_has_one_winner(house: House) -> None:
    body = line_body()
    answers = await asyncio.gather(*(post(house, "/services", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    "slug",
    ["api", "admin", "socket.io", "docs", "events", "Shop", "a", "-a", "a-", "ü", "a b", "a/b", "x" * 41],
)
async def test_addresses_that_are_ours_or_none_are_refused(house: House, slug: str) -> None:
    assert problem(await post(house, "/services", line_body(slug=slug))) == (422, "invalid")


async def test_a_stale_version_is_told_the_current_state(house: House) -> None:
    line = await house.line()
    changed = await house.change(line, version=1, name="New", capacity=7)
    assert (changed["version"], changed["name"], changed["capacity"]) == (2, "New", 7)
    body = {"version": 1, "name": "Newer"}
    answer = await house.call("PATCH", f"/services/{line['id']}", body, token=house.staff)
    assert problem(answer) == (409, "stale_version")
    assert answer.json()["current"] == changed
    answer = await post(house, f"/services/{line['id']}/pause", {"version": 1})
    assert problem(answer) == (409, "stale_version")


async def test_what_is_left_out_stays_and_null_empties(house: House) -> None:
    line = await house.line(capacity=3, counters=2)
    assert (await house.change(line, name="New"))["capacity"] == 3
    assert (await house.change(line, capacity=None))["capacity"] is None
    answer = await house.call("PATCH", f"/services/{line['id']}", {"name": None}, token=house.staff)
    assert problem(answer) == (422, "invalid")


async def test_states_turn_and_a_second_time_is_no_change(house: House) -> None:
    line = await house.line()
    for verb, state, version in (
        ("pause", "paused", 2),
        ("pause", "paused", 2),
        ("close", "closed", 3),
        ("open", "open", 4),
    ):
        turned = (await post(house, f"/services/{line['id']}/{verb}")).json()
        assert (turned["state"], turned["version"]) == (state, version)
        assert (await house.public(line))["state"] == state
    told = [m["type"] for m in (await document(house, line))["outbox"] if m["stream"] == "services"]
    assert told == ["service.created", "service.paused", "service.closed", "service.opened"]


async def test_keys_repeat_nothing(house: House) -> None:
    body = line_body()
    first, again = [await post(house, "/services", body, key="k") for _ in range(2)]
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    line = first.json()
    path = f"/services/{line['id']}"
    for _ in range(2):
        await post(house, f"{path}/close", key="close")
        await post(house, f"{path}/open")
    assert (await house.call("GET", path, token=house.staff)).json()["settings"]["version"] == 3
    answers = await asyncio.gather(
        *(house.call("PATCH", path, {"counters": n}, token=house.staff) for n in (3, 4, 5))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert (await house.change(line))["version"] == 6


async def test_staff_limited_to_lines_change_these_only(house: House) -> None:
    mine, other = await house.line(), await house.line()
    here = await house.person("staff", Scope(services=frozenset({mine["id"]})))
    for line, expected in ((mine, 200), (other, 404)):
        path = f"/services/{line['id']}"
        answers = [
            await house.call("PATCH", path, {"name": "New"}, token=here),
            await post(house, f"{path}/pause", token=here),
            await house.call("GET", f"{path}/invite", token=here),
        ]
        assert [answer.status_code for answer in answers] == [expected] * 3
    absent = await post(house, "/services/svc_01ARZ3NDEKTSV4RRFFQ69G5FAV/pause", token=here)
    foreign = await post(house, f"/services/{other['id']}/pause", token=here)
    assert problem(absent) == problem(foreign) == (404, "not_found")
    assert problem(await post(house, "/services", line_body(), token=here)) == (403, "forbidden")
    assert "settings" not in (await house.call("GET", f"/services/{other['id']}", token=here)).json()


async def test_lists_go_page_by_page(house: House) -> None:
    lines = [await house.line() for _ in range(3)]
    seen, cursor = [], ""
    while True:
        answer = (await house.call("GET", f"/services?limit=2&cursor={cursor}")).json()
        seen += [line["id"] for line in answer["items"]]
        if not (cursor := answer["next_cursor"] or ""):
            break
    assert len(seen) == len(set(seen))
    assert {line["id"] for line in lines} <= set(seen)
