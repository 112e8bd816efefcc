"""What the actions of a counter cost in commands to MongoDB, and that no plan sorts 10,000 people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from app.queues.errors import LineEmpty
from app.queues.models import Service
from tests.architecture.spy import Spy, stages
from tests.orders.test_round_trips import Commands
from tests.queues.serving.desk import EMAIL, STAFF, Desk, hand, open_desk

WAITING = 10_000
READ, CALL, KNOWN = ("find", "services"), ("findAndModify", "tokens"), ("find", "tokens")


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands()


@pytest.fixture(scope="module")
def spy() -> Spy:
    return Spy()


@pytest.fixture(scope="module")
async def busy(mongo_url: str, redis_url: str, commands: Commands, spy: Spy) -> AsyncIterator[Desk]:
    async with open_desk(mongo_url, redis_url, listeners=[commands, spy]) as desk:
        yield desk


@pytest.fixture(scope="module")
async def line(busy: Desk) -> Service:
    line = await busy.line(verify="otp")
    await busy.people(line, WAITING)
    return line


@contextmanager
def cost(commands: Commands) -> Iterator[list[tuple[str, str]]]:
    seen: list[tuple[str, str]] = []
    begun = len(commands.seen)
    yield seen
    seen += commands.seen[begun:]


async def test_a_call_is_one_read_and_one_write(busy: Desk, line: Service, commands: Commands) -> None:
    for key in (None, "first"):
        with cost(commands) as spent:
            await busy.next(line, key=key)
        assert spent == [READ, CALL]


async def test_a_repeated_call_reads_once_more(busy: Desk, line: Service, commands: Commands) -> None:
    await busy.next(line, key="again")
    with cost(commands) as spent:
        await busy.next(line, key="again")
    assert spent == [READ, CALL, KNOWN]


async def test_a_call_into_an_empty_line(busy: Desk, commands: Commands) -> None:
    empty = await busy.line()
    with cost(commands) as spent, pytest.raises(LineEmpty):
        await busy.next(empty)
    assert spent == [READ, CALL]


async def test_the_head_is_found_by_the_index_alone(busy: Desk, line: Service, spy: Spy) -> None:
    """One key is looked at, of the 10,000 that wait."""
    await busy.next(line)
    (asked,) = [one for one in spy.asked if one.shape.startswith("findAndModify tokens")][:1]
    assert await stages(busy.database, asked) >= {"IXSCAN", "FETCH"}
    assert not {"SORT", "COLLSCAN"} & await stages(busy.database, asked)
    find = {
        "find": "tokens",
        "filter": dict(asked.command["query"]),
        "sort": asked.command["sort"],
        "hint": "order",
        "limit": 1,
    }
    plan = await busy.database.command("explain", find, verbosity="executionStats")
    assert plan["executionStats"]["totalKeysExamined"] == 1
    assert plan["executionStats"]["totalDocsExamined"] == 1


async def test_without_the_index_it_would_sort(busy: Desk, line: Service, spy: Spy) -> None:
    """Positive control of the test above."""
    (asked,) = [one for one in spy.asked if one.shape.startswith("findAndModify tokens")][:1]
    await busy.database["tokens"].drop_index("order")
    asked.command.pop("hint")
    assert {"SORT"} & await stages(busy.database, asked)
    await busy.tokens.prepare()


async def test_an_action_is_a_read_and_a_write(busy: Desk, commands: Commands) -> None:
    service = await busy.line()
    token = await busy.called(service, contact=EMAIL)
    serving = busy.counters.serving
    for act, expected in (
        (serving.start, [KNOWN, READ, CALL]),
        (serving.complete, [KNOWN, CALL]),
    ):
        with cost(commands) as spent:
            token = (await act(token.id, hand(token))).token
        assert spent == expected


async def test_no_question_of_a_counter_reads_a_whole_collection(busy: Desk, line: Service, spy: Spy) -> None:
    other = await busy.line(verify="otp")
    await busy.people(other, 2, contact=EMAIL)
    await busy.counters.codes.grant_front(other.id)
    token = await busy.next(other, key="k")
    await busy.next(other, key="k")
    await busy.counters.transfers.transfer(token.id, hand(token), line.id)
    await busy.counters.transfers.sweep(10)
    await busy.counters.statistics.of_day(line.id, STAFF, None)
    await busy.person(other, day="2020-01-01")
    await busy.counters.day_end.end(other)
    asked = [one for one in spy.asked if "aggregate services" not in one.shape]
    scans = [one.shape for one in asked if "COLLSCAN" in await stages(busy.database, one)]
    assert scans == []
