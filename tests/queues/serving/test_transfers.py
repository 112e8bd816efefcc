"""From line to line. A death is an exception that nobody catches, thrown between two writes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import KeyReused, NotFound, StaleVersion, Transient
from app.queues.errors import AlreadyInLine, LineClosed, LineFull, SameLine
from app.queues.models import LIVE_FIELDS, SECRET_KIND, Notify, Service, Token
from app.queues.repository.serving import ServingTokens
from app.queues.service.acting import Acted, Acting
from app.queues.service.numbering import Numbering
from app.queues.service.transfers import Transfers
from tests.queues.serving.desk import EMAIL, LIMITED, Desk, hand


class Died(BaseException):
    pass


async def transfer(desk: Desk, token: Token, to: Service, key: str | None = None) -> Acted:
    return await desk.counters.transfers.transfer(token.id, hand(token, key, body=to.id), to.id)


async def successor(desk: Desk, token: Token) -> Token:
    found = await desk.counters.transfers.arrived(await desk.read(token))
    assert found is not None
    return found


async def test_they_arrive_as_if_they_had_joined_there(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    (inside,) = await desk.people(other, 1, alias="plain-heron")
    notify = Notify(minutes_before=10)
    token = await desk.called(line, contact=EMAIL, priority=3, own_alias="Zaphod", notify=notify)
    old = (await transfer(desk, token, other)).token
    new = await successor(desk, token)
    assert (old.status, old.transfer and old.transfer.token_id) == ("transferred", new.id)
    assert old.ended_at is not None
    raw = await desk.raw(old.id)
    assert not ({"transfer_due", *LIVE_FIELDS} & set(raw))
    kept = ("joined_at", "secret_id", "grant", "alias", "own_alias", "priority", "notify", "contact")
    assert {name: getattr(new, name) for name in kept} == {name: getattr(token, name) for name in kept}
    assert (new.service_id, new.status, new.version, new.number) == (other.id, "waiting", 1, 2)
    assert (new.counter, new.called_at, new.code, new.transfer) == (None, None, None, None)
    secret = desk.engines.ring.secret(SECRET_KIND, token.secret_id, token.grant)
    assert desk.engines.ring.verify(secret, SECRET_KIND, new.secret_id, new.grant)
    assert [kind for kind, _ in await desk.told(old)][-1] == "token.transferred"
    ((kind, data),) = await desk.told(new)
    assert (kind, data["cause"], data["service_id"]) == ("token.joined", "transferred", other.id)
    assert (await desk.next(other)).id == new.id, "who joined earlier, and so goes first"
    assert (await desk.next(other)).id == inside.id


async def test_who_was_reminded_there_is_reminded_here(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line, notify=Notify(minutes_before=10, reminded_at=desk.now))
    await transfer(desk, token, other)
    assert (await successor(desk, token)).notify == Notify(minutes_before=10)


async def test_there_and_back_and_on(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line)
    for to in (other, line, other):
        await transfer(desk, token, to)
        token = await successor(desk, token)
    assert token.service_id == other.id
    assert token.joined_at
    assert token.secret_id != token.id


async def test_what_the_other_line_would_refuse_is_refused_first(desk: Desk) -> None:
    line = await desk.line()
    token = await desk.person(line, contact=EMAIL)
    full, closed, known = await desk.line(capacity=1), await desk.line(state="closed"), await desk.line()
    await desk.person(full)
    await desk.person(known, number=token.number, contact=EMAIL)
    for to, refusal in ((full, LineFull), (closed, LineClosed), (known, AlreadyInLine), (line, SameLine)):
        with pytest.raises(refusal):
            await transfer(desk, token, to)
    with pytest.raises(NotFound):
        await transfer(desk, token, replace(line, id="svc_none"))
    assert (await desk.read(token)).version == token.version


async def test_only_between_lines_they_oversee(desk: Desk) -> None:
    line = await desk.line()
    mine = await desk.line(id=f"svc_{line.id[4:-5]}OTHER")
    assert LIMITED.scope is not None
    limited = replace(LIMITED, scope=replace(LIMITED.scope, services=frozenset({mine.id})))
    for token, to in ((await desk.person(mine), line), (await desk.person(line), mine)):
        with pytest.raises(NotFound):
            await desk.counters.transfers.transfer(token.id, hand(token, by=limited), to.id)


async def test_a_repetition_moves_nobody_twice(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line)
    first, again = await transfer(desk, token, other, "k"), await transfer(desk, token, other, "k")
    assert (first.replayed, again.replayed) == (False, True)
    with pytest.raises(KeyReused):
        await transfer(desk, token, line, "k")
    with pytest.raises(StaleVersion):
        await transfer(desk, token, other)
    assert await _live(desk, other) == 1


async def test_parallel_transfers_move_them_once(desk: Desk) -> None:
    line, others = await desk.line(), [await desk.line() for _ in range(4)]
    token = await desk.person(line)
    outcomes = await asyncio.gather(
        *(transfer(desk, token, other) for other in others), return_exceptions=True
    )
    assert sum(isinstance(one, StaleVersion) for one in outcomes) == 3
    assert sum([await _live(desk, other) for other in others]) == 1


async def test_without_an_answer_from_the_other_line_they_arrive_later(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line)
    gone = await _transfers(desk, numbering=_Failing(Transient())).transfer(token.id, hand(token), other.id)
    assert gone.token.status == "transferred"
    assert await _live(desk, other) == 0
    await _sweep(desk)
    assert (await successor(desk, token)).joined_at == token.joined_at


@pytest.mark.parametrize("step", ["decided", "arrived"])
async def test_what_a_death_leaves_the_sweep_finishes(desk: Desk, step: str) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line, contact=EMAIL)
    dying = {
        "decided": _transfers(desk, numbering=_Failing(Died())),
        "arrived": _transfers(desk, serving=_Forgetful(desk)),
    }[step]
    with pytest.raises(Died):
        await dying.transfer(token.id, hand(token), other.id)
    assert await _live(desk, other) == (0 if step == "decided" else 1)
    assert "transfer_due" in await desk.raw(token.id)
    await _sweep(desk)
    await _sweep(desk)
    new = await successor(desk, token)
    assert (new.joined_at, new.secret_id, new.status) == (token.joined_at, token.secret_id, "waiting")
    assert await _live(desk, other) == 1
    assert "transfer_due" not in await desk.raw(token.id)


async def test_before_the_decision_nothing_has_happened(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line)
    dying = _transfers(desk, acting=_Undecided(desk.tokens, desk.services, lambda _: {}, lambda _: None))
    with pytest.raises(Died):
        await dying.transfer(token.id, hand(token), other.id)
    await _sweep(desk)
    assert await desk.read(token) == token
    assert await _live(desk, other) == 0


async def test_the_sweep_is_what_finishes_it(desk: Desk) -> None:
    """Positive control: without what the decision left behind, the person is lost."""
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line)
    with pytest.raises(Died):
        await _transfers(desk, numbering=_Failing(Died())).transfer(token.id, hand(token), other.id)
    await desk.database["tokens"].update_one({"_id": token.id}, {"$unset": {"transfer_due": ""}})
    await _sweep(desk)
    assert await desk.counters.transfers.arrived(await desk.read(token)) is None


async def test_who_joined_there_themselves_meanwhile_has_two_places(desk: Desk) -> None:
    """Nobody is lost, and one contact still has one place that it is reached about."""
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line, contact=EMAIL)
    await _transfers(desk, numbering=_Failing(Transient())).transfer(token.id, hand(token), other.id)
    await desk.person(other, number=token.number, contact=EMAIL)
    await _sweep(desk)
    new = await successor(desk, token)
    assert (new.contact, new.joined_at) == (None, token.joined_at)
    assert await _live(desk, other) == 2


async def test_an_alias_somebody_has_there_is_replaced(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.person(line)
    await desk.person(other, alias=token.alias)
    await transfer(desk, token, other)
    assert (await successor(desk, token)).alias != token.alias


class _Failing(Numbering):
    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def enter(self, *_: Any, **__: Any) -> Any:
        raise self._error


class _Forgetful(ServingTokens):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.database, desk.engines.clock)

    async def transferred(self, token: Token) -> None:
        raise Died


class _Undecided(Acting):
    async def move(self, *_: Any, **__: Any) -> Any:
        raise Died


def _transfers(desk: Desk, **parts: Any) -> Transfers:
    """Another process's, with some of its parts about to fail."""
    whole = desk.counters.transfers
    return Transfers(
        acting=parts.get("acting", whole._acting),
        services=desk.services,
        tokens=desk.tokens,
        serving=parts.get("serving", whole._serving),
        numbering=parts.get("numbering", whole._numbering),
        live=desk.live,
        clock=desk.engines.clock,
    )


async def _sweep(desk: Desk) -> None:
    """Once what is owed is due."""
    past = {"$set": {"transfer_due": desk.now - timedelta(seconds=1)}}
    await desk.database["tokens"].update_many({"transfer_due": {"$exists": True}}, past)
    await desk.counters.transfers.sweep(100)


async def _live(desk: Desk, line: Service) -> int:
    return (await desk.tokens.places(line.id))[0]
