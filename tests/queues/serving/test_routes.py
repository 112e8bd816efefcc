"""The counter over HTTP: what is answered, refused, shown, and never shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.queues.service.codes import code_text
from tests.orders.house import problem
from tests.queues.house import House, Json, open_house


@pytest.fixture(scope="module")
async def house(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with open_house(mongo_url, redis_url) as opened:
        yield opened


async def next_one(house: House, line: Json, counter: str = "7", key: str | None = None) -> httpx.Response:
    path = f"/services/{line['id']}/next"
    return await house.call("POST", path, {"counter": counter}, token=house.staff, key=key)


async def act(house: House, token: Json, what: str, key: str | None = None, **body: Any) -> httpx.Response:
    body = {"version": token["version"]} | body
    return await house.call("POST", f"/tokens/{token['id']}/{what}", body, token=house.staff, key=key)


async def done(house: House, token: Json, what: str, **body: Any) -> Json:
    answer = await act(house, token, what, **body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def called(house: House, line: Json) -> Json:
    """Whoever is next, called a while ago."""
    answer = await next_one(house, line)
    assert answer.status_code == 200, answer.text
    token: Json = answer.json()
    ago = house.services.engines.clock.now() - timedelta(minutes=3)
    await house.database["tokens"].update_one({"_id": token["id"]}, {"$set": {"called_at": ago}})
    return token


async def test_from_the_call_to_the_end(house: House) -> None:
    line = await house.line(verify="alias")
    joined = await house.join(line, name="Ann")
    token = await called(house, line)
    assert (token["id"], token["number"], token["status"]) == (joined["id"], joined["number"], "called")
    assert (token["counter"], token["name"], token["alias"]) == ("7", "Ann", joined["alias"])
    assert problem(await act(house, token, "start")) == (409, "not_identified")
    assert problem(await act(house, token, "verify", alias="nobody")) == (409, "wrong_alias")
    token = await done(house, token, "verify", alias=joined["alias"].upper())
    assert token["verified"] is True
    token = await done(house, token, "start")
    assert (token["status"], token["started_at"] is not None) == ("serving", True)
    token = await done(house, token, "complete")
    assert (token["status"], token["ended_at"] is not None) == ("completed", True)
    assert (await house.show(joined))["status"] == "completed"
    stats = await house.call("GET", f"/services/{line['id']}/stats", token=house.staff)
    assert (stats.json()["joined"], stats.json()["completed"]) == (1, 1)
    assert stats.json()["wait"]["sample"] == stats.json()["service_time"]["sample"] == 1


async def test_with_a_code_that_no_answer_shows(house: House) -> None:
    line = await house.line(verify="otp")
    joined = await house.join(line, email="ann@example.com")
    token = await called(house, line)
    assert token["code_sent"] is True
    found = await house.lines.tokens.find(token["id"])
    assert found is not None
    code = code_text(house.services.engines.ring, found)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused = await act(house, token, "verify", code=wrong)
    assert problem(refused) == (409, "wrong_code")
    assert refused.json()["tries_left"] == 4
    verified = await act(house, token, "verify", code=code, key="v")
    assert (verified.status_code, verified.json()["verified"]) == (200, True)
    assert code not in verified.text + refused.text + str(await house.show(joined))
    again = await act(house, token, "verify", code=code, key="v")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert problem(await act(house, verified.json(), "verify", code=code)) == (409, "illegal_transition")


async def test_everybody_sees_a_call_at_once(house: House) -> None:
    line = await house.line(verify="none")
    joined = await house.join(line)
    assert (await house.call("GET", f"/services/{line['id']}")).json()["waiting"] == 1
    token = await called(house, line)
    for what, serving in ((None, [joined["number"]]), ("start", [joined["number"]]), ("complete", [])):
        token = await done(house, token, what) if what else token
        seen = (await house.call("GET", f"/services/{line['id']}")).json()
        assert (seen["waiting"], [one["number"] for one in seen["now_serving"]]) == (0, serving)


async def test_nobody_and_pause(house: House) -> None:
    line = await house.line()
    assert problem(await next_one(house, line)) == (409, "line_empty")
    await house.join(line)
    await house.call("POST", f"/services/{line['id']}/pause", token=house.staff)
    assert problem(await next_one(house, line)) == (409, "line_paused")


async def test_a_repeated_call_is_a_replay(house: House) -> None:
    line = await house.line()
    for _ in range(2):
        await house.join(line)
    first, again = await next_one(house, line, key="k"), await next_one(house, line, key="k")
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert problem(await next_one(house, line, "8", key="k")) == (422, "key_reused")


async def test_a_stale_version_is_answered_with_the_token(house: House) -> None:
    line = await house.line(verify="none")
    await house.join(line, name="Ann")
    token = await called(house, line)
    begun = await done(house, token, "start")
    refused = await act(house, token, "no-show")
    assert problem(refused) == (409, "stale_version")
    assert refused.json()["current"] == begun


async def test_too_early_says_when(house: House) -> None:
    line = await house.line(verify="none")
    await house.join(line)
    token = (await next_one(house, line)).json()
    for what in ("no-show", "recall"):
        refused = await act(house, token, what)
        assert problem(refused) == (409, "too_early")
        assert refused.json()["not_before"] > token["called_at"]


async def test_undone_and_back_in_line(house: House) -> None:
    line = await house.line(verify="none")
    joined = await house.join(line)
    token = await done(house, await called(house, line), "no-show")
    assert token["status"] == "no_show"
    token = await done(house, token, "recall")
    assert token["status"] == "called"
    token = await done(house, token, "requeue")
    assert (token["status"], token["counter"]) == ("waiting", None)
    assert (await house.show(joined))["ahead"] == 0


async def test_to_another_line_with_the_secret_they_have(house: House) -> None:
    line, other = await house.line(), await house.line()
    joined = await house.join(line, phone="+43 660 1234567")
    shown = {"id": joined["id"], "version": joined["version"]}
    gone = await done(house, shown, "transfer", service_id=other["id"])
    assert gone["status"] == "transferred"
    assert gone["transferred_to"]["service_id"] == other["id"]
    arrived = await house.show({"id": gone["transferred_to"]["token_id"], "secret": joined["secret"]})
    assert (arrived["status"], arrived["joined_at"]) == ("waiting", joined["joined_at"])
    for nowhere in (line["id"], "svc_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        fresh = await house.join(line)
        answer = await act(house, fresh, "transfer", service_id=nowhere)
        assert answer.status_code == (409 if nowhere == line["id"] else 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": 1},
        {"version": 1, "code": "12345"},
        {"version": 1, "code": "１２３４５６"},
        {"version": 1, "code": 123456},
        {"version": 1, "code": None, "alias": "x"},
        {"version": 1, "code": "123456", "alias": "x"},
        {"version": 1, "alias": {"$ne": None}},
        {"version": "1", "code": "123456"},
        {"version": 0, "code": "123456"},
        {"version": 1.5, "code": "123456"},
        {"version": True, "code": "123456"},
        {"version": 1, "code": "123456", "status": "serving"},
    ],
)
async def test_bad_bodies_change_nothing(house: House, body: Json) -> None:
    line = await house.line(verify="otp")
    await house.join(line, email=f"{line['slug']}@example.com")
    token = await called(house, line)
    answer = await house.call("POST", f"/tokens/{token['id']}/verify", body, token=house.staff)
    assert answer.status_code == 422
    found = await house.document(token)
    assert (found["version"], found["code"]["tries"]) == (token["version"], 0)


@pytest.mark.parametrize(
    "body", [{}, {"counter": ""}, {"counter": "x" * 21}, {"counter": "a\nb"}, {"counter": 7}]
)
async def test_bad_counters_call_nobody(house: House, body: Json) -> None:
    line = await house.line()
    joined = await house.join(line)
    answer = await house.call("POST", f"/services/{line['id']}/next", body, token=house.staff)
    assert answer.status_code == 422
    assert (await house.document(joined))["status"] == "waiting"


@pytest.mark.parametrize("day", ["1999-12-31", "9999-12-31", "2026-02-30", "today", "0"])
async def test_days_out_of_bounds(house: House, day: str) -> None:
    line = await house.line()
    answer = await house.call("GET", f"/services/{line['id']}/stats?day={day}", token=house.staff)
    assert answer.status_code == 422


async def test_a_day_long_ago_was_empty(house: House) -> None:
    line = await house.line()
    answer = await house.call("GET", f"/services/{line['id']}/stats?day=2020-02-29", token=house.staff)
    assert answer.json()["joined"] == 0
    assert answer.json()["wait"] == {
        "sample": 0,
        "mean_minutes": None,
        "median_minutes": None,
        "p90_minutes": None,
    }
