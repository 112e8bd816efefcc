"""G10: 20 counters on two API processes' worth of the program, 10,000 people, and Redis loses all it knows.

Driven at the services: through HTTP the same calls take three times as long and decide nothing more. They
stop after ``CALLS``, so that whom they skipped would still be there: the called are the first, or the test
fails. (``CALLS = WAITING`` passes too and takes five times as long.) The positive control takes the
condition out of the write.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
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

COUNTERS, WAITING, CALLS, JOIN = 20, 10_000, 2_000, 100
FLUSH_AT = CALLS // 2
"""So many calls before Redis is flushed and more people join."""
MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
RETRIED = 50
"""Every so-many-th call is asked three times at once, with one key."""


@dataclass
class Called:
    """``begun`` and ``done`` are moments of one clock that only counts."""

    token: Token
    begun: int
    done: int


@dataclass
class Verdict:
    twice: int
    skipped: int
    out_of_order: int

    @property
    def clean(self) -> bool:
        return not (self.twice or self.skipped or self.out_of_order)


@dataclass
class Rush:
    desks: list[Desk]
    line: Service
    calls: list[Called] = field(default_factory=list)
    retried: list[set[str]] = field(default_factory=list)
    halfway: asyncio.Event = field(default_factory=asyncio.Event)
    ticks: itertools.count[int] = field(default_factory=itertools.count)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(COUNTERS):
                tasks.create_task(self._counter(self.desks[number % len(self.desks)], str(number)))
            tasks.create_task(self._trouble())

    async def _counter(self, desk: Desk, name: str) -> None:
        while (number := next(self.numbers)) <= CALLS:
            if number == FLUSH_AT:
                self.halfway.set()
            key = f"{name}-{number}" if number % RETRIED == 0 else None
            begun = next(self.ticks)
            tokens = await asyncio.gather(*(desk.next(self.line, name, key) for _ in range(3 if key else 1)))
            self.calls.append(Called(tokens[0], begun, next(self.ticks)))
            if key:
                self.retried.append({token.id for token in tokens})

    async def _trouble(self) -> None:
        await self.halfway.wait()
        joining = asyncio.gather(*(self._join(self.desks[n % len(self.desks)]) for n in range(JOIN)))
        await self.desks[0].engines.redis.flushall()
        await joining

    async def _join(self, desk: Desk) -> None:
        draft = some_token(self.line, 0, desk.now, {"alias": ""})
        entered = await desk.counters.transfers._numbering.enter(
            self.line, draft, lambda token: [told(token, None, "waiting", "joined")]
        )
        assert isinstance(entered, Token)


def judge(calls: list[Called], line: list[str]) -> Verdict:
    """``line``: everybody, the first first. Order: whoever was called after a call had ended stands behind
    the one it called."""
    times = Counter(one.token.id for one in calls)
    ended = sorted(calls, key=lambda one: one.done)
    behind, wrong, so_far = 0, 0, None
    for one in sorted(calls, key=lambda one: one.begun):
        while behind < len(ended) and ended[behind].done < one.begun:
            order = ended[behind].token.order
            so_far = order if so_far is None else max(so_far, order)
            behind += 1
        wrong += so_far is not None and one.token.order < so_far
    skipped = set(line[: len(calls)]) - times.keys()
    return Verdict(sum(n > 1 for n in times.values()), len(skipped), wrong)


async def everybody(database: Database, line: Service) -> list[str]:
    found = database["tokens"].find({"service_id": line.id}, {"_id": 1}).sort(ORDER)
    return [document["_id"] async for document in found]


@pytest.fixture
async def desks(mongo_url: str, redis_url: str) -> AsyncIterator[list[Desk]]:
    name = f"test_{ULID()}".lower()
    async with AsyncExitStack() as stack:
        opened = [open_desk(mongo_url, redis_url, database=name) for _ in range(2)]
        yield (both := [await stack.enter_async_context(desk) for desk in opened])
        await both[0].database.client.drop_database(name)


async def in_line(desk: Desk, count: int) -> Service:
    """Priorities and times all mixed, some of them joined in the same millisecond."""
    line, mix = await desk.line(), random.Random(10)
    began = desk.now - timedelta(hours=9)
    tokens = [
        some_token(
            line,
            number,
            began + timedelta(seconds=mix.randrange(count // 2)),
            {"priority": mix.choice((1, 5, 5, 5, 9))},
        )
        for number in range(1, count + 1)
    ]
    await seed(desk.database, desk.live, tokens)
    return line


async def test_nobody_is_called_twice_or_skipped_and_the_order_is_kept(desks: list[Desk]) -> None:
    rush = Rush(desks, await in_line(desks[0], WAITING))
    await rush.run()
    database = desks[0].database
    assert len(rush.calls) == CALLS
    assert judge(rush.calls, await everybody(database, rush.line)) == Verdict(0, 0, 0)
    assert all(len(tokens) == 1 for tokens in rush.retried), "a key calls one, however often it is sent"
    assert len(rush.retried) == CALLS // RETRIED
    called = {"service_id": rush.line.id, "status": "called", "version": 2, "history": {"$size": 2}}
    assert await database["tokens"].count_documents(called) == CALLS
    numbers = await database["tokens"].distinct("number", {"service_id": rush.line.id})
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
    rush = Rush(desks, line)
    tokens = await asyncio.gather(*(desks[n % 2].next(line, str(n)) for n in range(COUNTERS)))
    rush.calls = [Called(token, 0, 1) for token in tokens]
    verdict = judge(rush.calls, await everybody(desks[0].database, line))
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
