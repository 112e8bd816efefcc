from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.errors import KeyReused, NotFound
from app.core.messages import message_id
from app.queues.errors import LineEmpty, LinePaused
from tests.queues.serving.desk import EMAIL, LIMITED, Desk


async def test_priority_goes_first_then_who_joined_first(desk: Desk) -> None:
    line = await desk.line()
    await desk.people(line, 3)
    urgent = await desk.person(line, priority=1)
    early = await desk.person(line, joined_at=desk.now - timedelta(hours=1))
    called = [(await desk.next(line)).number for _ in range(5)]
    assert called == [urgent.number, early.number, 1, 2, 3]


async def test_one_write_says_it_all(desk: Desk) -> None:
    line = await desk.line()
    (person,) = await desk.people(line, 1)
    token = await desk.next(line, "7")
    assert (token.status, token.counter, token.version) == ("called", "7", person.version + 1)
    assert token.called_at is not None
    assert token.code is None
    assert token.history[-1] == {
        "at": token.called_at,
        "from": "waiting",
        "to": "called",
        "cause": "next",
        "by": "usr_staff",
    }
    told, deed = (await desk.raw(token.id))["outbox"]
    assert told["id"] == message_id(token.id, token.version, 0)
    assert (told["stream"], told["type"], told["key"]) == ("tokens", "token.called", token.id)
    assert told["data"] == {
        "token_id": token.id,
        "service_id": line.id,
        "number": 1,
        "status": "called",
        "cause": "next",
        "counter": "7",
    }
    assert deed["id"] == message_id(token.id, token.version, 1)
    assert (deed["stream"], deed["type"]) == ("audit", "token.next")
    assert deed["data"]["by"] == "usr_staff"
    assert deed["data"]["after"] == {"status": "called", "counter": "7"}


async def test_a_call_begins_anew(desk: Desk) -> None:
    """Whoever was called, identified, stepped away and came back has to say again who they are."""
    line = await desk.line(verify="alias")
    before = desk.now - timedelta(hours=1)
    await desk.person(line, called_at=before, recalled_at=before, verified_at=before, started_at=before)
    token = await desk.next(line)
    assert token.called_at is not None
    assert token.called_at > before
    assert (token.recalled_at, token.verified_at, token.started_at) == (None, None, None)


async def test_a_counter_named_like_a_field_is_only_a_name(desk: Desk) -> None:
    line = await desk.line()
    await desk.people(line, 1)
    assert (await desk.next(line, "$alias")).counter == "$alias"


async def test_nobody_waits(desk: Desk) -> None:
    line = await desk.line()
    await desk.person(line, status="away")
    with pytest.raises(LineEmpty):
        await desk.next(line)


async def test_nobody_is_called_while_paused_but_in_a_closed_line_they_are(desk: Desk) -> None:
    line = await desk.line(state="paused")
    await desk.people(line, 1)
    with pytest.raises(LinePaused):
        await desk.next(line)
    await desk.change(line, state="closed")
    assert (await desk.next(line)).number == 1


async def test_a_line_they_do_not_oversee_is_absent(desk: Desk) -> None:
    line = await desk.line()
    await desk.people(line, 1)
    for by, service in ((LIMITED, line), (LIMITED, replace(line, id="svc_none"))):
        with pytest.raises(NotFound):
            await desk.next(service, by=by)


async def test_a_repeated_key_calls_nobody_else(desk: Desk) -> None:
    line = await desk.line()
    await desk.people(line, 2)
    first, again = await desk.next(line, key="k"), await desk.next(line, key="k")
    assert again == first
    assert (await desk.next(line, key="other")).number == 2
    with pytest.raises(LineEmpty):
        await desk.next(line, key="third")
    assert await desk.next(line, key="k") == first, "also when nobody waits any more"
    await desk.change(line, state="paused")
    assert await desk.next(line, key="k") == first, "and while the line is paused"


async def test_parallel_repetitions_of_one_key_call_one(desk: Desk) -> None:
    """A read before the write would not do: all of them would read before any wrote."""
    line = await desk.line()
    await desk.people(line, 20)
    called = await asyncio.gather(*(desk.next(line, key="k") for _ in range(20)))
    assert {token.id for token in called} == {called[0].id}
    assert await _waiting(desk, line.id) == 19


async def test_without_the_index_they_would_call_many(desk: Desk) -> None:
    """Positive control of the test above."""
    line = await desk.line()
    await desk.people(line, 20)
    await desk.database["tokens"].drop_index("call_keys")
    try:
        called = await asyncio.gather(*(desk.next(line, key="k") for _ in range(20)))
        assert len({token.id for token in called}) == 20
    finally:
        await desk.database["tokens"].update_many({"service_id": line.id}, {"$unset": {"call_keys": ""}})
        await desk.counters.repositories[0].prepare()


async def test_a_key_for_another_counter_is_refused(desk: Desk) -> None:
    line = await desk.line()
    await desk.people(line, 2)
    await desk.next(line, "1", key="k")
    with pytest.raises(KeyReused):
        await desk.next(line, "2", key="k")


async def test_a_key_is_remembered_when_its_token_was_called_again(desk: Desk) -> None:
    line = await desk.line()
    (person,) = await desk.people(line, 1)
    await desk.next(line, key="k")
    await desk.database["tokens"].update_one({"_id": person.id}, {"$set": {"status": "waiting"}})
    await desk.next(line, key="l")
    for key in ("k", "l"):
        assert (await desk.next(line, key=key)).id == person.id


async def test_whoever_is_called_has_a_code_where_the_line_asks_for_one(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    await desk.people(line, 1, contact=EMAIL)
    token = await desk.next(line)
    assert token.code is not None
    assert (token.code.grant.n, token.code.tries) == (1, 0)
    kinds = [kind for kind, _ in await desk.told(token)]
    assert kinds == ["token.called", "token.code_granted"]
    assert (await desk.told(token))[1][1]["code_n"] == 1


async def test_nobody_gets_a_code_that_cannot_reach_them(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    await desk.people(line, 1)
    token = await desk.next(line)
    assert token.code is None
    assert [kind for kind, _ in await desk.told(token)] == ["token.called"]


async def _waiting(desk: Desk, service_id: str) -> int:
    return await desk.database["tokens"].count_documents({"service_id": service_id, "status": "waiting"})
