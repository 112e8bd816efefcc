from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.core.clock import rfc3339
from app.core.errors import Conflict, IllegalTransition, KeyReused, NotFound, StaleVersion
from app.queues.errors import AliasTaken, AlreadyInLine, NotIdentified, NumberTaken, TooEarly, WrongAlias
from app.queues.models import LIVE_FIELDS, TRANSITIONS, Status, Token
from app.queues.service.acting import Acted, Hand
from tests.queues.serving.desk import EMAIL, LIMITED, Desk, hand

MINUTES = timedelta(minutes=5)
Act = Callable[[str, Hand], Awaitable[Acted]]
ACTIONS: dict[str, frozenset[Status]] = {
    "start": frozenset({"called"}),
    "complete": frozenset({"serving"}),
    "no_show": frozenset({"called"}),
    "recall": frozenset({"called", "no_show"}),
    "requeue": frozenset({"called", "serving", "no_show", "away"}),
    "verify": frozenset({"called"}),
    "transfer": frozenset({"waiting", "called", "serving", "away"}),
}
"""From which states each may begin. Written out once more, so that the table cannot grow unseen."""


async def verify(desk: Desk, token: Token, alias: str, key: str | None = None) -> Token:
    acted = await desk.counters.serving.verify(token.id, hand(token, key), code=None, alias=alias)
    return acted.token


async def test_a_whole_service(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line(verify="alias")
    called = await desk.called(line)
    seen = await verify(desk, called, f"  CALM otter {called.number}")
    begun = (await serving.start(seen.id, hand(seen))).token
    done = (await serving.complete(begun.id, hand(begun))).token
    assert [(e["from"], e["to"], e["cause"]) for e in done.history[1:]] == [
        ("waiting", "called", "next"),
        ("called", "called", "identified"),
        ("called", "serving", "started"),
        ("serving", "completed", "completed"),
    ]
    assert done.version == len(done.history) == 5
    assert done.verified_at
    assert done.started_at
    assert done.ended_at
    assert not set(LIVE_FIELDS) & set(await desk.raw(done.id))
    kinds = [kind for kind, _ in await desk.told(done)]
    assert kinds == ["token.called", "token.updated", "token.serving", "token.completed"]
    audited = [e["type"] for e in (await desk.raw(done.id))["outbox"] if e["stream"] == "audit"]
    assert audited == ["token.next", "token.verify", "token.start", "token.complete"]


async def test_the_own_alias_does_as_well_and_another_ones_does_not(desk: Desk) -> None:
    line = await desk.line(verify="alias")
    token = await desk.called(line, own_alias="Zaphod")
    with pytest.raises(WrongAlias):
        await verify(desk, token, "calm-otter-999")
    assert (await desk.read(token)).version == token.version
    assert (await verify(desk, token, "zaphod")).verified_at is not None


async def test_nothing_begins_before_they_are_identified(desk: Desk) -> None:
    for asked in ("alias", "otp"):
        token = await desk.called(await desk.line(verify=asked))
        with pytest.raises(NotIdentified):
            await desk.counters.serving.start(token.id, hand(token))
    token = await desk.called(await desk.line(verify="none"))
    assert (await desk.counters.serving.start(token.id, hand(token))).token.status == "serving"


async def test_a_no_show_waits_for_the_grace_period(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line(grace_seconds=60)
    await desk.people(line, 1)
    token = await desk.next(line)
    assert token.called_at is not None
    with pytest.raises(TooEarly) as refused:
        await serving.no_show(token.id, hand(token))
    assert refused.value.data == {"not_before": rfc3339(token.called_at + timedelta(seconds=60))}
    token = await desk.aged(token, timedelta(seconds=61))
    ended = (await serving.no_show(token.id, hand(token))).token
    assert ended.status == "no_show"
    assert ended.ended_at
    assert not set(LIVE_FIELDS) & set(await desk.raw(token.id))


async def test_the_database_says_when_the_grace_is_over(desk: Desk) -> None:
    """A process whose clock is an hour fast must not send people home."""
    line = await desk.line(grace_seconds=60)
    await desk.people(line, 1)
    token = await desk.next(line)
    clock = desk.engines.clock
    offset, clock.offset = clock.offset, clock.offset + timedelta(hours=1)
    try:
        with pytest.raises(TooEarly):
            await desk.counters.serving.no_show(token.id, hand(token))
    finally:
        clock.offset = offset


async def test_a_recall_keeps_its_distance(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line(recall_gap_seconds=30)
    await desk.people(line, 1)
    token = await desk.next(line)
    with pytest.raises(TooEarly):
        await serving.recall(token.id, hand(token))
    token = await desk.aged(token, timedelta(seconds=31))
    again = (await serving.recall(token.id, hand(token))).token
    assert (again.status, again.called_at) == ("called", token.called_at)
    assert again.recalled_at is not None
    kind, data = (await desk.told(again))[-1]
    assert (kind, data["cause"], data["counter"]) == ("token.updated", "recalled", "1")
    with pytest.raises(TooEarly) as refused:
        await serving.recall(again.id, hand(again))
    assert refused.value.data["not_before"] == rfc3339(again.recalled_at + timedelta(seconds=30))


async def test_a_recall_gives_time_to_come(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line(grace_seconds=60, recall_gap_seconds=0)
    await desk.people(line, 1)
    token = await desk.aged(await desk.next(line), timedelta(seconds=61))
    again = (await serving.recall(token.id, hand(token))).token
    with pytest.raises(TooEarly):
        await serving.no_show(again.id, hand(again))
    again = await desk.aged(again, timedelta(seconds=61))
    assert (await serving.no_show(again.id, hand(again))).token.status == "no_show"


async def test_a_no_show_is_undone_by_recall(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line()
    token = await desk.called(line, contact=EMAIL)
    missed = (await serving.no_show(token.id, hand(token))).token
    back = (await serving.recall(missed.id, hand(missed))).token
    assert (back.status, back.counter, back.ended_at) == ("called", "1", None)
    assert token.called_at
    assert back.called_at
    assert back.called_at > token.called_at, "a call of its own, with a grace period of its own"
    live = await desk.raw(token.id)
    assert (live["live_number"], live["alias_key"]) == (token.number, token.alias)
    assert live["contact_key"] == desk.live.contact_keys(token.contact)
    assert (await desk.told(back))[-1][0] == "token.called"


async def test_a_no_show_is_undone_by_requeue_at_the_old_place(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line()
    first, second = await desk.people(line, 2)
    token = await desk.aged(await desk.next(line), MINUTES)
    missed = (await serving.no_show(token.id, hand(token))).token
    back = (await serving.requeue(missed.id, hand(missed))).token
    assert (back.status, back.counter, back.called_at, back.ended_at) == ("waiting", None, None, None)
    assert (await desk.next(line)).id == first.id, "before the second, who joined later"
    assert (await desk.next(line)).id == second.id


@pytest.mark.parametrize(
    ("field", "refusal"),
    [("live_number", NumberTaken), ("alias_key", AliasTaken), ("contact_key", AlreadyInLine)],
)
async def test_an_undoing_does_not_take_what_somebody_has_by_now(
    desk: Desk, field: str, refusal: type[Conflict]
) -> None:
    serving, line = desk.counters.serving, await desk.line()
    token = await desk.called(line, contact=EMAIL)
    missed = (await serving.no_show(token.id, hand(token))).token
    other = await desk.person(line)
    taken = {field: desk.live.of(missed)[field]}
    await desk.database["tokens"].update_one({"_id": other.id}, {"$set": taken})
    for action in (serving.recall, serving.requeue):
        with pytest.raises(refusal):
            await action(missed.id, hand(missed))
    assert (await desk.read(missed)).status == "no_show"


async def test_whoever_is_requeued_says_who_they_are_again(desk: Desk) -> None:
    serving, line = desk.counters.serving, await desk.line(verify="alias")
    token = await verify(desk, called := await desk.called(line), called.alias)
    begun = (await serving.start(token.id, hand(token))).token
    back = (await serving.requeue(begun.id, hand(begun))).token
    assert (back.verified_at, back.started_at) == (None, None)
    again = await desk.next(line)
    with pytest.raises(NotIdentified):
        await serving.start(again.id, hand(again))


async def test_a_stale_version_shows_what_is(desk: Desk) -> None:
    line = await desk.line()
    token = await desk.called(line)
    begun = (await desk.counters.serving.start(token.id, hand(token))).token
    for action in _actions(desk, (await desk.line()).id).values():
        with pytest.raises(StaleVersion) as refused:
            await action(token.id, hand(token))
        current = refused.value.data["current"]
        assert (current["id"], current["status"], current["version"]) == (token.id, "serving", begun.version)


async def test_of_two_at_once_one_is_stale(desk: Desk) -> None:
    line = await desk.line()
    token = await desk.called(line)
    serving = desk.counters.serving
    outcomes = await asyncio.gather(
        *(serving.start(token.id, hand(token)) for _ in range(5)),
        *(serving.no_show(token.id, hand(token)) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Acted) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, StaleVersion) for outcome in outcomes) == 9
    assert (await desk.read(token)).version == token.version + 1


async def test_a_repeated_action_is_answered_as_it_was(desk: Desk) -> None:
    token = await desk.called(await desk.line())
    serving = desk.counters.serving
    first = await serving.start(token.id, hand(token, "k"))
    again = await serving.start(token.id, hand(token, "k"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.token == first.token
    with pytest.raises(KeyReused):
        await serving.complete(token.id, hand(first.token, "k"))
    with pytest.raises(KeyReused):
        await serving.start(token.id, hand(token, "k", body="other"))


async def test_parallel_repetitions_all_succeed(desk: Desk) -> None:
    token = await desk.called(await desk.line())
    acts = (desk.counters.serving.start(token.id, hand(token, "k")) for _ in range(10))
    outcomes = await asyncio.gather(*acts)
    assert [one.token.version for one in outcomes] == [token.version + 1] * 10
    assert sum(not one.replayed for one in outcomes) == 1


async def test_tokens_of_other_lines_are_absent(desk: Desk) -> None:
    line, other = await desk.line(), await desk.line()
    token = await desk.called(line)
    for action in _actions(desk, other.id).values():
        for token_id in (token.id, "tok_none"):
            with pytest.raises(NotFound):
                await action(token_id, hand(token, by=LIMITED))


@pytest.mark.parametrize("status", sorted(TRANSITIONS))
async def test_only_the_table_s_moves_are_made(desk: Desk, status: Status) -> None:
    line, other = await desk.line(), await desk.line()
    for name in ACTIONS:
        token = await _at(desk, line.id, status)
        action = _actions(desk, other.id)[name]
        if status in ACTIONS[name]:
            assert (await action(token.id, hand(token))).token.version == token.version + 1
            continue
        with pytest.raises(IllegalTransition) as refused:
            await action(token.id, hand(token))
        assert refused.value.data == {"state": status}
        assert (await desk.read(token)).version == token.version


def _actions(desk: Desk, other_line: str) -> dict[str, Act]:
    serving, transfers = desk.counters.serving, desk.counters.transfers

    async def by_alias(token_id: str, by: Hand) -> Acted:
        found = await desk.tokens.find(token_id)
        return await serving.verify(token_id, by, code=None, alias=found.alias if found else "")

    async def elsewhere(token_id: str, by: Hand) -> Acted:
        return await transfers.transfer(token_id, by, other_line)

    return {
        "start": serving.start,
        "complete": serving.complete,
        "no_show": serving.no_show,
        "recall": serving.recall,
        "requeue": serving.requeue,
        "verify": by_alias,
        "transfer": elsewhere,
    }


async def _at(desk: Desk, service_id: str, status: Status) -> Token:
    """Somebody in this state, long enough for all that has to wait."""
    service = await desk.services.find(service_id)
    assert service is not None
    past = desk.now - MINUTES
    times = {"called_at": past} if status in ("called", "serving", "completed", "no_show") else {}
    return await desk.person(service, status=status, **times)
