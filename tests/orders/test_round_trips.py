"""What a booking costs: one round trip to Redis, one write to MongoDB. Counted on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from pymongo import monitoring

from app.core.redis import Client, connect
from app.main import assemble
from app.orders.sold_out import SECONDS
from tests.orders.house import House, open_house, places, problem, seat, some_email, standing


class Commands(monitoring.CommandListener):
    """Every command this process sends to MongoDB, and on which collection."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.last: dict[str, Any] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in ("hello", "ping", "endSessions"):
            self.seen.append((event.command_name, str(event.command[event.command_name])))
            self.last = dict(event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@dataclass
class Cost:
    redis: list[str] = field(default_factory=list)
    mongo: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Till:
    house: House
    commands: Commands
    redis: Client

    @asynccontextmanager
    async def cost(self) -> AsyncIterator[Cost]:
        """Redis tells all it is sent; what scripts call inside it is no round trip."""
        cost, end, begun = Cost(), uuid4().hex, len(self.commands.seen)

        async def listen(monitor: Any, ready: asyncio.Event) -> None:
            ready.set()
            while True:
                heard = await monitor.next_command()
                if end in heard["command"]:
                    return
                if heard["client_type"] != "lua":
                    cost.redis.append(heard["command"].split()[0].upper())

        async with self.redis.monitor() as monitor:
            ready = asyncio.Event()
            listening = asyncio.create_task(listen(monitor, ready))
            await ready.wait()
            yield cost
            await self.house.services.engines.redis.echo(end)
            await listening
        cost.mongo = self.commands.seen[begun:]

    async def just_looked(self, event: dict[str, Any]) -> None:
        """Into the database, because nothing was left; for an hour, so that no machine is too slow."""
        await self.redis.set(f"stock:{{{event['id']}}}:check", "1", px=3_600_000)


@pytest.fixture(scope="module")
async def till(mongo_url: str, redis_url: str) -> AsyncIterator[Till]:
    commands = Commands()
    redis = connect(redis_url)
    async with open_house(mongo_url, redis_url, listeners=[commands]) as house:
        yield Till(house, commands, redis)
    await redis.aclose()


async def test_a_booking_is_one_script_and_one_insert(till: Till) -> None:
    event = await till.house.event()
    await till.house.book(event)
    for key in (None, "k"):
        async with till.cost() as cost:
            await till.house.book(event, places(event, 2), seat(1 if key else 2), key=key)
        assert cost.redis == ["EVALSHA"]
        assert cost.mongo == [("insert", "orders")]


async def test_a_limited_booking_costs_no_more(till: Till) -> None:
    event = await till.house.event(max_per_customer=4)
    await till.house.book(event)
    async with till.cost() as cost:
        await till.house.book(event, places(event, 3))
    assert (cost.redis, cost.mongo) == (["EVALSHA"], [("insert", "orders")])


async def test_a_guest_whose_address_is_counted_costs_no_more(till: Till) -> None:
    event = await till.house.event()
    await till.house.book(event)
    transport = httpx.ASGITransport(assemble(till.house.services), client=("203.0.113.7", 4711))
    body = {"items": [places(event)], "provider": "sandbox", "customer": {"name": "A", "email": some_email()}}
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://usher.test") as client,
        till.cost() as cost,
    ):
        assert (await client.post(f"/api/v1/events/{event['id']}/orders", json=body)).status_code == 201
    assert (cost.redis, cost.mongo) == (["EVALSHA"], [("insert", "orders")])


async def test_sold_out_costs_one_script_or_none_and_nothing_else(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await till.house.event(**standing(1))
    await till.house.book(event)
    await till.just_looked(event)
    memo, now = cast(Any, till.house.services.sales.holds)._means.memo, 0.0
    monkeypatch.setattr(memo, "_monotonic", lambda: now)
    for expected in (["EVALSHA"], [], ["EVALSHA"]):
        async with till.cost() as cost:
            answer = await till.house.try_book(event, [places(event)])
        assert problem(answer) == (409, "sold_out")
        assert (cost.redis, cost.mongo) == (expected, [])
        now += 0 if expected else SECONDS


async def test_sold_out_with_a_key_costs_one_indexed_read_more(till: Till) -> None:
    event = await till.house.event(**standing(1))
    await till.house.book(event)
    await till.house.try_book(event, [places(event)])
    await till.just_looked(event)
    async with till.cost() as cost:
        answer = await till.house.try_book(event, [places(event)], key="k")
    assert problem(answer) == (409, "sold_out")
    assert cost.redis == ["EVALSHA"]
    assert cost.mongo == [("find", "orders")]
    find = {name: value for name, value in till.commands.last.items() if name in ("find", "filter", "limit")}
    plan = await till.house.database.command("explain", find, verbosity="executionStats")
    assert stages(plan["queryPlanner"]["winningPlan"]) >= {"IXSCAN"}
    assert index_of(plan["queryPlanner"]["winningPlan"]) == "idem"
    assert plan["executionStats"]["totalKeysExamined"] <= 1


async def test_a_taken_seat_costs_one_script(till: Till) -> None:
    event = await till.house.event()
    await till.house.book(event, seat(1))
    await till.house.try_book(event, [seat(1)])
    await till.just_looked(event)
    async with till.cost() as cost:
        assert problem(await till.house.try_book(event, [seat(1)])) == (409, "seat_taken")
    assert (cost.redis, cost.mongo) == (["EVALSHA"], [])


async def test_a_replay_costs_one_script_and_one_read(till: Till) -> None:
    event, email = await till.house.event(), some_email()
    await till.house.book(event, email=email, key="k")
    async with till.cost() as cost:
        await till.house.book(event, email=email, key="k")
    assert (cost.redis, cost.mongo) == (["EVALSHA"], [("find", "orders")])


async def test_the_counter_counts(till: Till) -> None:
    """The positive control: what should be seen is seen."""
    async with till.cost() as cost:
        await till.house.services.engines.redis.get("nothing")
        await till.house.database["orders"].find_one({"_id": "nothing"})
    assert (cost.redis, cost.mongo) == (["GET"], [("find", "orders")])


def stages(plan: dict[str, Any]) -> set[str]:
    return {plan["stage"]} | (stages(plan["inputStage"]) if "inputStage" in plan else set())


def index_of(plan: dict[str, Any]) -> str | None:
    return plan.get("indexName") or (index_of(plan["inputStage"]) if "inputStage" in plan else None)
