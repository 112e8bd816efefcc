from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.core.codes import TRIES, TriesSpent
from app.core.errors import IllegalTransition, StaleVersion
from app.core.messages import Envelope
from app.queues.errors import CodeExpired, NoCode, NotIdentified, WrongCode
from app.queues.listeners import MOVES_THE_FRONT
from app.queues.messages import service_told, told
from app.queues.models import Contact, Service, Token
from app.queues.service.acting import Acted
from app.queues.service.codes import VALID, Codes, code_text
from tests.queues.serving.desk import EMAIL, Desk, hand


def code(desk: Desk, token: Token) -> str:
    return code_text(desk.engines.ring, token)


def wrong(desk: Desk, token: Token, but: int = 1) -> str:
    return f"{(int(code(desk, token)) + but) % 1_000_000:06d}"


async def verify(desk: Desk, token: Token, text: str, key: str | None = None) -> Token:
    acted = await desk.counters.serving.verify(token.id, hand(token, key), code=text, alias=None)
    return acted.token


async def owners(desk: Desk, line: Service) -> list[int]:
    """Numbers of those who wait with a code."""
    where = {"service_id": line.id, "status": "waiting", "code": {"$exists": True}}
    return sorted([d["number"] async for d in desk.database["tokens"].find(where)])


async def test_the_first_have_one_as_many_as_there_are_counters(desk: Desk) -> None:
    for counters, first in ((1, [1]), (3, [1, 2, 3])):
        line = await desk.line(verify="otp", counters=counters)
        await desk.people(line, 5, contact=EMAIL)
        assert await desk.counters.codes.grant_front(line.id) == len(first)
        assert await owners(desk, line) == first
        assert await desk.counters.codes.grant_front(line.id) == 0, "once is enough"


async def test_lines_without_codes_grant_none(desk: Desk) -> None:
    for asked in ("none", "alias"):
        line = await desk.line(verify=asked)
        await desk.people(line, 1, contact=EMAIL)
        assert await desk.counters.codes.grant_front(line.id) == 0
    assert await desk.counters.codes.grant_front("svc_none") == 0


async def test_a_grant_is_told_in_the_write_that_made_it(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    (person,) = await desk.people(line, 1, contact=Contact(phone="+43123456789"))
    await desk.counters.codes.grant_front(line.id)
    token = await desk.read(person)
    assert (token.version, len(token.history)) == (person.version + 1, person.version + 1)
    ((kind, data),) = await desk.told(token)
    assert (kind, data["code_n"], data["status"]) == ("token.code_granted", 1, "waiting")
    assert code(desk, token) not in str(await desk.raw(token.id))


async def test_an_account_is_an_address_too(desk: Desk) -> None:
    line = await desk.line(verify="otp", counters=2)
    first, second = await desk.people(line, 2)
    for person in (first, second):
        await desk.database["tokens"].update_one({"_id": person.id}, {"$set": {"user_id": "usr_ann"}})
    assert (await desk.next(line)).code is not None
    await desk.counters.codes.grant_front(line.id)
    assert (await desk.read(second)).code is not None


async def test_parallel_grants_give_one(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    (person,) = await desk.people(line, 1, contact=EMAIL)
    granted = await asyncio.gather(*(desk.counters.codes.grant_front(line.id) for _ in range(8)))
    assert sum(granted) == 1
    assert len(await desk.told(person)) == 1


async def test_the_sweep_finds_what_no_message_told(desk: Desk) -> None:
    lines = [await desk.line(verify="otp") for _ in range(2)]
    for line in lines:
        await desk.people(line, 2, contact=EMAIL)
    await desk.counters.codes.sweep()
    assert [await owners(desk, line) for line in lines] == [[1], [1]]


async def test_news_of_the_front_bring_a_code(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    first, _ = await desk.people(line, 2, contact=EMAIL)
    await desk.counters.front.heard(
        [_envelope("token.serving", line), _envelope(told(first, None, "waiting", "joined").type, line)]
    )
    assert await owners(desk, line) == [1]
    await desk.next(line)
    await desk.counters.front.heard([_envelope("token.serving", line)])
    assert await owners(desk, line) == [], "which moves nobody to the front"
    await desk.counters.front.heard([_envelope("token.called", line)] * 3)
    assert await owners(desk, line) == [2]
    assert {"token.joined", "token.called", "token.cancelled", "token.away"} <= MOVES_THE_FRONT
    assert {"token.waiting", "token.transferred"} <= MOVES_THE_FRONT
    assert service_told(line, "updated").type in MOVES_THE_FRONT


async def test_the_right_code_works_once(desk: Desk) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    seen = await verify(desk, token, code(desk, token), "k")
    assert seen.verified_at is not None
    assert await verify(desk, token, code(desk, token), "k") == seen, "a repetition is no second use"
    with pytest.raises(IllegalTransition):
        await verify(desk, seen, code(desk, token))
    begun = (await desk.counters.serving.start(seen.id, hand(seen))).token
    back = (await desk.counters.serving.requeue(begun.id, hand(begun))).token
    again = await desk.aged(await desk.next(await _line(desk, token)), timedelta(minutes=1))
    assert again.id == back.id
    assert again.code is not None
    assert again.code.grant.n == 2
    with pytest.raises(WrongCode):
        await verify(desk, again, code(desk, token))


async def test_of_two_who_say_it_at_once_one_is_heard(desk: Desk) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    said = (verify(desk, token, code(desk, token)) for _ in range(4))
    outcomes = await asyncio.gather(*said, return_exceptions=True)
    assert sum(isinstance(outcome, Token) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, StaleVersion) for outcome in outcomes) == 3
    assert (await desk.read(token)).version == token.version + 1


async def test_parallel_repetitions_of_the_right_code_all_succeed(desk: Desk) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    said = await asyncio.gather(*(verify(desk, token, code(desk, token), "k") for _ in range(TRIES)))
    assert {one.version for one in said} == {token.version + 1}


async def test_another_token_s_code_is_refused(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    token, other = await desk.called(line, contact=EMAIL), await desk.called(line, contact=EMAIL)
    with pytest.raises(WrongCode) as refused:
        await verify(desk, token, code(desk, other))
    assert refused.value.data == {"tries_left": TRIES - 1}
    assert (await desk.read(token)).verified_at is None


async def test_five_wrong_ones_spend_it(desk: Desk) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    for left in range(TRIES - 1, -1, -1):
        with pytest.raises(WrongCode) as refused:
            await verify(desk, token, wrong(desk, token))
        assert refused.value.data == {"tries_left": left}
    with pytest.raises(TriesSpent):
        await verify(desk, token, code(desk, token))
    now = await desk.read(token)
    assert (now.version, now.verified_at) == (token.version, None), "a guess makes nobody's version stale"


async def test_a_recall_brings_a_new_code_for_a_spent_one(desk: Desk) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    await desk.database["tokens"].update_one({"_id": token.id}, {"$set": {"code.tries": TRIES}})
    again = (await desk.counters.serving.recall(token.id, hand(token))).token
    assert again.code is not None
    assert (again.code.grant.n, again.code.tries) == (2, 0)
    assert [kind for kind, _ in await desk.told(again)][-2:] == ["token.updated", "token.code_granted"]
    with pytest.raises(WrongCode):
        await verify(desk, again, code(desk, token))
    assert (await verify(desk, again, code(desk, again))).verified_at is not None


async def test_a_recall_leaves_a_good_code(desk: Desk) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    again = (await desk.counters.serving.recall(token.id, hand(token))).token
    assert again.code == token.code


async def test_ten_minutes_after_the_call_it_is_over(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    await desk.people(line, 1, contact=EMAIL)
    await desk.counters.codes.grant_front(line.id)
    token = await desk.next(line)
    token = await desk.aged(token, VALID - timedelta(minutes=1))
    with pytest.raises(WrongCode):
        await verify(desk, token, wrong(desk, token))
    token = await desk.aged(token, timedelta(minutes=2))
    with pytest.raises(CodeExpired):
        await verify(desk, token, code(desk, token))
    assert token.code is not None
    assert token.code.tries == 1, "what is not compared is not counted"
    again = (await desk.counters.serving.recall(token.id, hand(token))).token
    assert (await verify(desk, again, code(desk, again))).verified_at is not None


async def test_a_code_keeps_while_they_wait(desk: Desk) -> None:
    """The ten minutes begin with the call."""
    line = await desk.line(verify="otp")
    (person,) = await desk.people(line, 1, contact=EMAIL)
    await desk.counters.codes.grant_front(line.id)
    granted = await desk.aged(person, timedelta(hours=1))
    token = await desk.next(line)
    assert token.code == granted.code
    assert (await verify(desk, token, code(desk, token))).verified_at is not None


async def test_where_a_code_was_sent_the_alias_does_not_do(desk: Desk) -> None:
    line = await desk.line(verify="otp")
    token = await desk.called(line, contact=EMAIL)
    with pytest.raises(NotIdentified):
        await desk.counters.serving.verify(token.id, hand(token), code=None, alias=token.alias)
    unreachable = await desk.called(line)
    with pytest.raises(NoCode):
        await verify(desk, unreachable, "000000")
    acted = await desk.counters.serving.verify(
        unreachable.id, hand(unreachable), code=None, alias=unreachable.alias
    )
    assert acted.token.verified_at is not None


async def test_a_flood_of_guesses_gets_five_looks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    looks = _counted(monkeypatch)
    guesses = [verify(desk, token, wrong(desk, token, but=n)) for n in range(1, 201)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(outcome, WrongCode) for outcome in outcomes) == TRIES
    assert sum(isinstance(outcome, TriesSpent) for outcome in outcomes) == 200 - TRIES
    assert looks == [token.id] * TRIES


async def test_without_the_count_in_the_write_the_flood_gets_all_looks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positive control: counted after a look at the number of tries, each of them sees none yet."""
    token = await desk.called(await desk.line(verify="otp"), contact=EMAIL)
    looks, barrier = _counted(monkeypatch), asyncio.Barrier(20)

    async def read_then_count(token: Token, most: int, valid: timedelta) -> bool:
        now = await desk.read(token)
        await barrier.wait()
        assert now.code is not None
        return now.code.tries < most

    monkeypatch.setattr(desk.counters.codes._serving, "count_try", read_then_count)
    guesses = [verify(desk, token, wrong(desk, token, but=n)) for n in range(1, 21)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert not any(isinstance(outcome, Acted) for outcome in outcomes)
    assert len(looks) == 20


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hears of every comparison."""
    looks: list[str] = []
    compare = Codes._is

    def heard(self: Codes, token: Token, presented: str) -> bool:
        looks.append(token.id)
        return compare(self, token, presented)

    monkeypatch.setattr(Codes, "_is", heard)
    return looks


async def _line(desk: Desk, token: Token) -> Service:
    line = await desk.services.find(token.service_id)
    assert line is not None
    return line


def _envelope(kind: str, line: Service) -> Envelope:
    return Envelope("msg_x", "tokens", kind, "tok_x", 1, line.created_at, {"service_id": line.id})
