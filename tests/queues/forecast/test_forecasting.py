"""What is read for a forecast, from documents as the line writes them, on a real MongoDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import monitoring

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.core.mongo import Database, Document, MongoConnection
from app.queues.calibration import Outcome
from app.queues.eta import Line, Pace, forecasts
from app.queues.models import Service
from app.queues.repository.pace import PaceReads
from app.queues.repository.tokens import Tokens
from app.queues.service.forecasting import ENDED_READ, Forecasting

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
STRAIGHT = ("waiting", "called", "serving", "completed")


class Spy(monitoring.CommandListener):
    def __init__(self) -> None:
        self.asked: list[Document] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate", "count"):
            self.asked.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@dataclass
class Shop:
    database: Database
    spy: Spy
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    service_id: str = field(default_factory=lambda: new_id("svc"))
    _number: int = 0

    @property
    def forecasting(self) -> Forecasting:
        return Forecasting(PaceReads(self.database), self.clock)

    @property
    def service(self) -> Service:
        return Service(
            id=self.service_id,
            slug="bakery",
            name="Bakery",
            description="",
            timezone="Europe/Vienna",
            average_minutes=5.0,
            verify="none",
            remote_join=True,
            state="open",
            version=1,
            created_at=NOW,
            counters=2,
        )

    def token(self, called: float | None, minutes: float | None = None, **fields: Any) -> Document:
        """Called so many minutes ago, done after ``minutes``; joined ten minutes before the call."""
        self._number += 1
        document: Document = {
            "_id": new_id("tok"),
            "service_id": self.service_id,
            "day": "2026-03-02",
            "number": self._number,
            "priority": 5,
            "status": "waiting" if called is None else "called" if minutes is None else "completed",
            "counter": "1",
            "joined_at": NOW - timedelta(minutes=(called or 0) + 10),
            "forecast": {
                "median_seconds": 480.0,
                "p90_seconds": 900.0,
                "ahead": 3,
                "at": NOW - timedelta(minutes=(called or 0) + 10),
            },
            "history": moves(*STRAIGHT),
        }
        if called is not None:
            document["called_at"] = NOW - timedelta(minutes=called)
            if minutes is not None:
                document["ended_at"] = NOW - timedelta(minutes=called - minutes)
        return document | fields

    async def keep(self, *documents: Document) -> None:
        await self.database["tokens"].insert_many(documents)


def moves(*states: str) -> list[Document]:
    before = (None, *states)
    return [{"from": a, "to": b, "at": NOW} for a, b in zip(before, states, strict=False)]


@pytest.fixture(scope="module")
async def shops(mongo_url: str) -> AsyncIterator[tuple[Database, Spy]]:
    spy = Spy()
    connection = MongoConnection(mongo_url, "test_forecasting", listeners=[spy])
    await Tokens(connection.database, FixedClock(NOW)).prepare()
    yield connection.database, spy
    await connection.database.client.drop_database(connection.database)
    await connection.close()


@pytest.fixture
def shop(shops: tuple[Database, Spy]) -> Shop:
    """A line of its own in the module's database."""
    database, spy = shops
    spy.asked.clear()
    return Shop(database, spy)


async def test_a_line_with_nothing_in_it_is_its_guess(shop: Shop) -> None:
    assert await shop.forecasting.line(shop.service) == Line(2, (), Pace(5.0))


async def test_a_lines_past_and_present(shop: Shop) -> None:
    await shop.keep(
        shop.token(40, 4),
        shop.token(30, 6, status="no_show"),
        shop.token(20, 12, counter="2"),
        shop.token(7),
        shop.token(3, counter="2", status="serving"),
        shop.token(None),
        shop.token(None, status="away"),
        shop.token(None, status="cancelled", ended_at=NOW),
    )
    line = await shop.forecasting.line(shop.service)
    assert line.counters == 2
    assert sorted(line.elapsed) == pytest.approx([3, 7])
    assert line.pace.services == pytest.approx((4, 6, 12)), "by their ends"
    assert line.pace.pauses == pytest.approx((6,)), (
        "counter 1 was free 36 minutes ago and called again 30 ago"
    )


async def test_what_was_told_is_held_against_what_came(shop: Shop) -> None:
    """Those at a counter count too: theirs are the newest."""
    told = {"median_seconds": 300.0, "p90_seconds": 600.0, "ahead": 1, "at": NOW - timedelta(minutes=25)}
    await shop.keep(shop.token(30, 2), shop.token(20, forecast=told), shop.token(50, 1, forecast=None))
    pace = (await shop.forecasting.line(shop.service)).pace
    assert pace.outcomes == (Outcome(8.0, 15.0, 10.0), Outcome(5.0, 10.0, 5.0))


@pytest.mark.parametrize(
    "states",
    [
        ("waiting", "away", "waiting", "called", "serving", "completed"),
        ("waiting", "called", "waiting", "called", "serving", "completed"),
        ("waiting", "called", "no_show", "called", "serving", "completed"),
        ("completed",),
    ],
)
async def test_who_did_not_simply_wait_says_nothing_about_forecasts(
    shop: Shop, states: tuple[str, ...]
) -> None:
    await shop.keep(shop.token(30, 2, history=moves(*states)))
    pace = (await shop.forecasting.line(shop.service)).pace
    assert pace.outcomes == ()
    assert len(pace.services) == 1


async def test_entries_that_move_nothing_are_no_break(shop: Shop) -> None:
    states = ("waiting", "waiting", "called", "called", "serving", "completed")
    await shop.keep(shop.token(30, 2, history=moves(*states)))
    assert len((await shop.forecasting.line(shop.service)).pace.outcomes) == 1


async def test_two_reads_a_second_however_many_ask(shop: Shop) -> None:
    await shop.keep(*(shop.token(10 * n + 5, 4) for n in range(20)), shop.token(3))
    forecasting, service = shop.forecasting, shop.service
    answers = await asyncio.gather(*(forecasting.waits(service, [n % 30]) for n in range(300)))
    assert len(shop.spy.asked) == 2
    expected = forecasts(range(30), await forecasting.line(service))
    assert [answer[0] for answer in answers[:30]] == expected


async def test_a_long_line_is_drawn_once_more_and_not_cut_off(shop: Shop) -> None:
    forecasting = shop.forecasting
    near = (await forecasting.waits(shop.service, [3]))[0]
    far = (await forecasting.waits(shop.service, [3, 900]))[1]
    assert await forecasting.waits(shop.service, [3]) == [near]
    assert far.median_minutes == pytest.approx(900 * 5.3 / 2, rel=0.1)
    assert await forecasting.waits(shop.service, []) == []


async def test_both_reads_walk_an_index_without_sorting(shop: Shop) -> None:
    """And are bounded: the oldest of more than ``ENDED_READ`` are not read."""
    await shop.keep(*(shop.token(2 * n + 5, 1) for n in range(ENDED_READ + 40)), shop.token(3))
    line = await shop.forecasting.line(shop.service)
    assert len(line.pace.services) == ENDED_READ
    for command in shop.spy.asked:
        wanted = ("find", "filter", "sort", "hint", "limit", "projection")
        asked = {key: command[key] for key in wanted if key in command}
        plan = await shop.database.command({"explain": asked, "verbosity": "executionStats"})
        assert not {"COLLSCAN", "SORT"} & set(stages(plan)), plan
        assert plan["executionStats"]["totalKeysExamined"] <= ENDED_READ + 5


async def test_the_explanation_knows_a_sort_when_it_sees_one(shop: Shop) -> None:
    """The positive control."""
    asked = {"find": "tokens", "filter": {"service_id": shop.service_id}, "sort": {"counter": 1}}
    assert "SORT" in stages(await shop.database.command({"explain": asked}))


def stages(plan: Any) -> set[str]:
    if isinstance(plan, list):
        return set().union(*map(stages, plan)) if plan else set()
    if not isinstance(plan, dict):
        return set()
    inner = [stages(value) for key, value in plan.items() if key != "rejectedPlans"]
    return set().union({str(plan.get("stage"))}, *inner)
