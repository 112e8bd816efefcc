"""Flows of lines, the steps in them, and how they must end whoever dies on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal

from tests.faults.buyer import Buyer
from tests.faults.lines_stage import LineStage

Part = Callable[[LineStage], Awaitable[None]]
Act = Callable[[LineStage, Buyer], Coroutine[Any, Any, None]]
EMAIL = "ann@example.com"


async def _no_act(stage: LineStage, buyer: Buyer) -> None:
    return


@dataclass(frozen=True)
class LineScenario:
    """``prepare`` by a healthy installation, ``act`` towards the doomed API (a worker acts by itself),
    ``check`` when a healthy installation has done all that was left."""

    name: str
    dies: Literal["api", "worker"]
    steps: tuple[str, ...]
    check: Part
    prepare: Part
    act: Act = _no_act


async def _a_line(stage: LineStage) -> None:
    await stage.open_line()


async def _an_invite(stage: LineStage) -> None:
    await stage.open_line()
    path = f"/api/v1/services/{stage.line['id']}/invite"
    headers = {"Authorization": f"Bearer {stage.staff}"}
    stage.kept["invite"] = (await stage.house.client.get(path, headers=headers)).json()["invite"]


async def _two_wait(stage: LineStage) -> None:
    await stage.open_line()
    await stage.join()
    first = stage.token
    path = f"/api/v1/services/{stage.line['id']}/tokens"
    assert (await stage.buyer().post(path, json={}, key="second")).status_code == 201
    stage.token = first


async def _called(stage: LineStage) -> None:
    await stage.open_line()
    await stage.join()
    await stage.next()


async def _called_with_code(stage: LineStage) -> None:
    await stage.open_line(verify="otp")
    await stage.join(email=EMAIL)
    await stage.next()
    stage.kept["code"] = await stage.code()


async def _serving(stage: LineStage) -> None:
    await _called(stage)
    await stage.act("start")


async def _two_lines(stage: LineStage) -> None:
    await _called(stage)
    stage.kept["target"] = await stage.open_line()


async def _on_the_way(stage: LineStage) -> None:
    """Gone from one line, and not there in the other."""
    await _two_lines(stage)
    await _transfer(stage, stage.buyer())
    old = await stage.document()
    tokens = stage.house.database["tokens"]
    await tokens.delete_one({"_id": old["transfer"]["token_id"]})
    due = {"transfer_due": stage.house.services.engines.clock.now()}
    await tokens.update_one({"_id": old["_id"]}, {"$set": due})


async def _owed_a_code(stage: LineStage) -> None:
    await stage.open_line(verify="otp")
    await stage.join(email=EMAIL)


async def _owed_a_reminder(stage: LineStage) -> None:
    await stage.open_line(average_minutes=5)
    await stage.join(email=EMAIL, notify_minutes_before=60)


async def _left_from_yesterday(stage: LineStage) -> None:
    await stage.open_line()
    await stage.join()
    await stage.yesterday()


async def _join(stage: LineStage, buyer: Buyer) -> None:
    await stage.join(buyer, email=EMAIL)


async def _claim(stage: LineStage, buyer: Buyer) -> None:
    path = f"/api/v1/services/{stage.line['id']}/claim"
    answer = await buyer.post(path, json={"invite": stage.kept["invite"]}, key="claim")
    assert answer.status_code == 201, answer.text
    stage.token = answer.json()
    other = await stage.buyer().post(path, json={"invite": stage.kept["invite"]}, key="stranger")
    assert other.status_code == 410


async def _next(stage: LineStage, buyer: Buyer) -> None:
    called = await stage.next(buyer)
    assert called["id"] == stage.token["id"]


async def _identify(stage: LineStage, buyer: Buyer) -> None:
    await stage.act("verify", buyer, code=stage.kept["code"])


async def _start(stage: LineStage, buyer: Buyer) -> None:
    await stage.act("start", buyer)


async def _complete(stage: LineStage, buyer: Buyer) -> None:
    await stage.act("complete", buyer)


async def _no_show(stage: LineStage, buyer: Buyer) -> None:
    await stage.act("no-show", buyer)


async def _transfer(stage: LineStage, buyer: Buyer) -> None:
    await stage.act("transfer", buyer, service_id=stage.kept["target"]["id"])


async def _cancel(stage: LineStage, buyer: Buyer) -> None:
    path = f"/api/v1/tokens/{stage.token['id']}/cancel"
    answer = await buyer.post(path, key="cancel", secret=stage.token["secret"])
    assert answer.status_code == 200, answer.text


async def _in_line_once(stage: LineStage) -> None:
    found = await stage.all_of(stage.line)
    assert [(token["_id"], token["number"]) for token in found] == [
        (stage.token["id"], stage.token["number"])
    ]


async def _one_called(stage: LineStage) -> None:
    found = {token["_id"]: token["status"] for token in await stage.all_of(stage.line)}
    assert found.pop(stage.token["id"]) == "called"
    assert list(found.values()) == ["waiting"]
    assert (await stage.causes()).count("next") == 1


async def _identified_once(stage: LineStage) -> None:
    token = await stage.document()
    assert token["verified_at"] is not None
    assert token["code"]["tries"] == 5, "a code that was used is used up"
    assert (await stage.causes()).count("identified") == 1


def _once(status: str, cause: str) -> Part:
    async def check(stage: LineStage) -> None:
        assert (await stage.document())["status"] == status
        assert (await stage.causes()).count(cause) == 1

    return check


async def _arrived_once(stage: LineStage) -> None:
    old = await stage.document()
    found = await stage.all_of(stage.kept["target"])
    assert [token["_id"] for token in found] == [old["transfer"]["token_id"]]
    assert (found[0]["joined_at"], found[0]["status"]) == (old["joined_at"], "waiting")
    assert "transfer_due" not in old


async def _one_code(stage: LineStage) -> None:
    token = await stage.document()
    assert (token["code"]["n"], token["code"]["tries"]) == (1, 0)
    assert (await stage.causes()).count("code granted") == 1
    await _told_once(stage, "token.joined")


async def _reminded_once(stage: LineStage) -> None:
    assert (await stage.document())["notify"]["reminded_at"] is not None
    assert (await stage.causes()).count("reminder_due") == 1


async def _told_once(stage: LineStage, kind: str) -> None:
    where = {"key": stage.token["id"], "type": kind}
    assert await stage.house.database["messages"].count_documents(where) == 1


LINE_SCENARIOS = (
    LineScenario("join", "api", ("token inserted",), _in_line_once, _a_line, _join),
    LineScenario("claim", "api", ("token inserted",), _in_line_once, _an_invite, _claim),
    LineScenario("next", "api", ("token called",), _one_called, _two_wait, _next),
    LineScenario(
        "verify",
        "api",
        ("guess counted", "person identified"),
        _identified_once,
        _called_with_code,
        _identify,
    ),
    LineScenario("start", "api", ("token serving",), _once("serving", "started"), _called, _start),
    LineScenario(
        "complete", "api", ("token completed",), _once("completed", "completed"), _serving, _complete
    ),
    LineScenario("no-show", "api", ("token no_show",), _once("no_show", "no_show"), _called, _no_show),
    LineScenario("cancel", "api", ("token cancelled",), _once("cancelled", "cancelled"), _called, _cancel),
    LineScenario(
        "transfer",
        "api",
        ("token transferred", "token inserted", "arrival noted"),
        _arrived_once,
        _two_lines,
        _transfer,
    ),
    LineScenario("arrive", "worker", ("token inserted", "arrival noted"), _arrived_once, _on_the_way),
    LineScenario(
        "code",
        "worker",
        ("messages logged", "outbox of tokens emptied", "code granted"),
        _one_code,
        _owed_a_code,
    ),
    LineScenario("remind", "worker", ("reminder said",), _reminded_once, _owed_a_reminder),
    LineScenario(
        "end of day", "worker", ("days ended",), _once("cancelled", "day_ended"), _left_from_yesterday
    ),
)
