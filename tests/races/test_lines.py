"""G10: 20 counters on two API processes' worth of the program, 10,000 people, and Redis loses all it knows.

Driven at the services: through HTTP the same calls take three times as long and decide nothing more. They
stop after ``CALLS``, so that whom they skipped would still be there: the called are the first, or the test
fails. (``CALLS = WAITING`` passes too and takes five times as long.) The positive control takes the
condition out of the write. ``test_line_processes`` does it with real processes.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from ulid import ULID

from app.core.mongo import Database
from app.queues.documents import token_of
from app.queues.messages import told
from app.queues.models import Service, Token
from app.queues.repository.calls import ORDER, Call, Calls
from app.queues.service.calling import Calling
from tests.queues.serving.desk import Desk, open_desk, seed, some_token
from tests.races.lines import COUNTERS, RETRIED, Called, Rush, Verdict, crowd, everybody, judge

WAITING, CALLS, JOIN = 10_000, 2_000, 100
MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)


def rush_on(desks: list[Desk], line: Service, wanted: int) -> Rush:
    """Halfway Redis is flushed while more people join."""
    turns = itertools.cycle(desks)

    async def trouble() -> None:
        joining = asyncio.gather(*(join(next(turns), line) for _ in range(JOIN)))
        await desks[0].engines.redis.flushall()
        await joining

    async def call(counter: str, key: str | None) -> Token:
        return await next(turns).next(line, counter, key)

    return Rush(call, wanted, {wanted // 2: trouble})


async def join(desk: Desk, line: Service) -> None:
    draft = some_token(line, 0, desk.now, {"alias": ""})
    entered = await desk.counters.transfers._numbering.enter(
        line, draft, lambda token: [told(token, None, "waiting", "joined")]
    )
    assert isinstance(entered, Token)


@pytest.fixture
async def desks(mongo_url: str, redis_url: str) -> AsyncIterator[list[Desk]]:
    name = f"test_{ULID()}".lower()
    async with AsyncExitStack() as stack:
        opened = [open_desk(mongo_url, redis_url, database=name) for _ in range(2)]
        yield (both := [await stack.enter_async_context(desk) for desk in opened])
        await both[0].database.client.drop_database(name)


async def in_line(desk: Desk, count: int) -> Service:
    line = await desk.line()
    await seed(desk.database, desk.live, crowd(line, count, desk.now))
    return line


async def test_nobody_is_called_twice_or_skipped_and_the_order_is_kept(desks: list[Desk]) -> None:
    line = await in_line(desks[0], WAITING)
    rush = rush_on(desks, line, CALLS)
    await rush.run()
    database = desks[0].database
    assert len(rush.calls) == CALLS
    assert judge(rush.calls, await everybody(database, line.id)) == Verdict(0, 0, 0)
    assert all(len(people) == 1 for people in rush.retried), "a key calls one, however often it is sent"
    assert len(rush.retried) == CALLS // RETRIED
    called = {"service_id": line.id, "status": "called", "version": 2, "history": {"$size": 2}}
    assert await database["tokens"].count_documents(called) == CALLS
    numbers = await database["tokens"].distinct("number", {"service_id": line.id})
    assert len(numbers) == WAITING + JOIN


class Unguarded(Calls):
    """Reads who is first, and writes without asking whether they still are."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.all_have_read = asyncio.Barrier(COUNTERS)

    async def next(self, call: Call, spent: int) -> Token | None:
        waiting = {"service_id": call.service_id, "status": "waiting"}
        first = await self._tokens.find_one(waiting, sort=ORDER)
        await self.all_have_read.wait()
        assert first is not None
        change = {"$set": {"status": "called", "counter": call.counter}, "$inc": {"version": 1}}
        found = await self._tokens.find_one_and_update({"_id": first["_id"]}, change, return_document=True)
        assert found is not None
        return token_of(found)


async def test_control_without_the_condition_they_are_called_twice(desks: list[Desk]) -> None:
    line = await in_line(desks[0], COUNTERS)
    for desk in desks:
        calls = Unguarded(desk.database)
        desk.counters.calling = Calling(desk.services, calls, desk.engines.ring, lambda _: None)
    desks[1].counters.calling._calls = desks[0].counters.calling._calls  # One barrier for all.
    tokens = await asyncio.gather(*(desks[n % 2].next(line, str(n)) for n in range(COUNTERS)))
    called = [Called(token, 0, 1) for token in tokens]
    verdict = judge(called, await everybody(desks[0].database, line.id))
    assert (verdict.twice, verdict.skipped) == (1, COUNTERS - 1)
    assert not verdict.clean


def test_control_the_judge_sees_the_order() -> None:
    line = Service("svc_x", "x", "X", "", "UTC", 5.0, "none", True, "open", 1, MORNING)
    first, second = (some_token(line, number, MORNING + timedelta(seconds=number), {}) for number in (1, 2))
    one_after_the_other = [Called(second, 0, 1), Called(first, 2, 3)]
    assert judge(one_after_the_other, [first.id, second.id]) == Verdict(0, 0, 1)
    at_once = [Called(second, 0, 3), Called(first, 1, 2)]
    assert judge(at_once, [first.id, second.id]).clean
    assert judge([Called(second, 0, 1)], [first.id, second.id]) == Verdict(0, 1, 0)


def test_control_the_judge_sees_who_was_called_twice() -> None:
    line = Service("svc_x", "x", "X", "", "UTC", 5.0, "none", True, "open", 1, MORNING)
    first, second = (some_token(line, number, MORNING + timedelta(seconds=number), {}) for number in (1, 2))
    planted = [Called(first, 0, 2), Called(first, 1, 3), Called(second, 4, 5)]
    assert judge(planted, [first.id, second.id]) == Verdict(twice=1, skipped=0, out_of_order=0)
