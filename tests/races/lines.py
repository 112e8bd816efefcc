"""Counters that all call from one line while things break, and what it came to."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from app.core.mongo import Database
from app.queues.models import Service, Token
from app.queues.repository.calls import ORDER
from tests.queues.serving.desk import some_token

COUNTERS = 20
RETRIED = 50
"""Every so-many-th call is asked three times at once, with one key."""


class Person(Protocol):
    """Whom a call has called."""

    @property
    def id(self) -> str: ...

    @property
    def order(self) -> tuple[int, datetime, int]: ...


Call = Callable[[str, str | None], Awaitable[Person]]
"""Counter and key: the next one. Without a key the call is asked once."""
Trouble = Callable[[], Awaitable[None]]


@dataclass
class Called:
    """``begun`` and ``done`` are moments of one clock that only counts."""

    person: Person
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
    """``troubles``: what happens beside the calls, by the number of the call it begins with."""

    call: Call
    wanted: int
    troubles: Mapping[int, Trouble] = field(default_factory=dict)
    calls: list[Called] = field(default_factory=list)
    retried: list[set[str]] = field(default_factory=list)
    ticks: itertools.count[int] = field(default_factory=itertools.count)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(COUNTERS):
                tasks.create_task(self._counter(str(number), tasks))

    async def _counter(self, name: str, tasks: asyncio.TaskGroup) -> None:
        while (number := next(self.numbers)) <= self.wanted:
            if trouble := self.troubles.get(number):
                tasks.create_task(_happens(trouble))
            key = f"{name}-{number}" if number % RETRIED == 0 else None
            begun = next(self.ticks)
            people = await asyncio.gather(*(self.call(name, key) for _ in range(3 if key else 1)))
            self.calls.append(Called(people[0], begun, next(self.ticks)))
            if key:
                self.retried.append({person.id for person in people})


async def _happens(trouble: Trouble) -> None:
    await trouble()


def judge(calls: list[Called], line: list[str]) -> Verdict:
    """``line``: everybody, the first first. Order: whoever was called after a call had ended stands behind
    the one it called."""
    times = Counter(one.person.id for one in calls)
    ended = sorted(calls, key=lambda one: one.done)
    behind, wrong, so_far = 0, 0, None
    for one in sorted(calls, key=lambda one: one.begun):
        while behind < len(ended) and ended[behind].done < one.begun:
            order = ended[behind].person.order
            so_far = order if so_far is None else max(so_far, order)
            behind += 1
        wrong += so_far is not None and one.person.order < so_far
    skipped = set(line[: len(calls)]) - times.keys()
    return Verdict(sum(n > 1 for n in times.values()), len(skipped), wrong)


async def everybody(database: Database, service_id: str) -> list[str]:
    found = database["tokens"].find({"service_id": service_id}, {"_id": 1}).sort(ORDER)
    return [document["_id"] async for document in found]


def crowd(line: Service, count: int, now: datetime) -> list[Token]:
    """Priorities and times all mixed, some of them joined in the same millisecond."""
    mix, began = random.Random(10), now - timedelta(hours=9)
    return [
        some_token(
            line,
            number,
            began + timedelta(seconds=mix.randrange(count // 2)),
            {"priority": mix.choice((1, 5, 5, 5, 9))},
        )
        for number in range(1, count + 1)
    ]
