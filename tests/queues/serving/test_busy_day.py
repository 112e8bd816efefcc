"""Everybody does anything at once, right or wrong, and the independent checker finds nothing amiss."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from typing import Any

from app.check import check
from app.core.errors import Problem
from app.queues.models import Service, Token
from app.queues.service.acting import Acted
from app.queues.service.codes import code_text
from tests.queues.serving.desk import EMAIL, Desk, hand, open_desk

STAFF, ACTIONS, PEOPLE = 12, 40, 60
OFTEN = {
    "next": 8,
    "verify": 5,
    "start": 5,
    "complete": 5,
    "no_show": 3,
    "recall": 3,
    "requeue": 2,
    "transfer": 2,
    "grant": 1,
    "sweep": 1,
}


class Member:
    """Of the staff: does what comes to mind, with whatever version they saw last."""

    def __init__(self, desk: Desk, lines: list[Service], seed: int, seen: dict[str, Token]) -> None:
        self._name = str(seed)
        self._desk = desk
        self._lines = lines
        self._mind = random.Random(seed)
        self._seen = seen
        self.outcomes: Counter[str] = Counter()

    async def work(self) -> None:
        for _ in range(ACTIONS):
            (name,) = self._mind.choices(list(OFTEN), list(OFTEN.values()))
            try:
                await self._do(name)
                self.outcomes[name] += 1
            except Problem as problem:
                self.outcomes[problem.code] += 1

    async def _do(self, name: str) -> None:
        counters, line = self._desk.counters, self._mind.choice(self._lines)
        if name == "next":
            self._note(await self._desk.next(line, self._name))
        elif name == "grant":
            await counters.codes.grant_front(line.id)
        elif name == "sweep":
            await counters.transfers.sweep(10)
        elif self._seen:
            token = self._seen[self._mind.choice(sorted(self._seen))]
            self._note(await self._act(name, token, line))

    async def _act(self, name: str, token: Token, line: Service) -> Token:
        counters, by = self._desk.counters, hand(token)
        if name == "transfer":
            return (await counters.transfers.transfer(token.id, by, line.id)).token
        if name == "verify":
            code = code_text(self._desk.engines.ring, token) if token.code else None
            said: Any = {"code": code, "alias": None if code else token.alias}
            return (await counters.serving.verify(token.id, by, **said)).token
        acted: Acted = await getattr(counters.serving, name)(token.id, by)
        return acted.token

    def _note(self, token: Token) -> None:
        self._seen[token.id] = token


async def test_a_busy_day_breaks_no_promise(mongo_url: str, redis_url: str) -> None:
    async with open_desk(mongo_url, redis_url) as desk:
        quick = {"grace_seconds": 0, "recall_gap_seconds": 0, "counters": 3}
        lines = [await desk.line(verify=asked, **quick) for asked in ("none", "alias", "otp")]
        for line in lines:
            await desk.people(line, PEOPLE, contact=EMAIL)
        seen: dict[str, Token] = {}
        staff = [Member(desk, lines, seed, seen) for seed in range(STAFF)]
        await asyncio.gather(*(member.work() for member in staff))
        past = {"$set": {"transfer_due": desk.now - timedelta(seconds=1)}}
        await desk.database["tokens"].update_many({"transfer_due": {"$exists": True}}, past)
        await desk.counters.transfers.sweep(1000)
        report = await check(mongo_url, redis_url, desk.database.name, pause=0.1)
        assert report["violations"] == []
        outcomes = sum((member.outcomes for member in staff), Counter[str]())
        assert outcomes.total() == STAFF * ACTIONS
        assert outcomes["next"] > 0
