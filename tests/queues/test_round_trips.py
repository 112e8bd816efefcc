"""What joining costs: one round trip to Redis, one write to MongoDB. Counted on the wire.

What is remembered for a second (the service, its numbers, its forecast) is remembered for an hour here,
so that no count depends on how fast the machine is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from app.core.redis import connect
from tests.orders.test_round_trips import Commands, Till
from tests.queues.house import House, Json, open_house, problem

JOIN = (["EVALSHA"], [("insert", "tokens")])
ASKING_WHO = [("find", "sessions"), ("find", "users")]


@pytest.fixture(scope="module")
async def till(mongo_url: str, redis_url: str) -> AsyncIterator[Till]:
    commands, redis = Commands(), connect(redis_url)
    async with open_house(mongo_url, redis_url, listeners=[commands]) as house:
        lines = house.lines
        for remembers in (lines.directory, lines.reading, lines.forecasting, lines.joining._places):
            cast(Any, remembers)._memo._seconds = 3600
        yield Till(cast(Any, house), commands, redis)
    await redis.aclose()


@pytest.fixture(scope="module")
def lines(till: Till) -> House:
    return cast(House, till.house)


async def warm(lines: House, **fields: Any) -> Json:
    line = await lines.line(**fields)
    await lines.join(line)
    return line


async def test_a_join_is_one_script_and_one_insert(till: Till, lines: House) -> None:
    line, customer = await warm(lines), await lines.person()
    for more in ({}, {"key": "k", "phone": "+436601234567"}, {"token": customer}):
        async with till.cost() as cost:
            await lines.join(line, **more)
        assert (cost.redis, cost.mongo) == JOIN


async def test_a_claim_costs_no_more(till: Till, lines: House) -> None:
    line = await warm(lines)
    invite = (await lines.invite(line))["invite"]
    lines.lines.directory.forget(await lines.lines.directory.get(line["id"]))
    await lines.join(line)
    async with till.cost() as cost:
        assert (await lines.try_claim(line, invite)).status_code == 201
    assert (cost.redis, cost.mongo) == JOIN


async def test_nor_does_a_line_with_a_capacity(till: Till, lines: House) -> None:
    line = await warm(lines, capacity=100)
    async with till.cost() as cost:
        await lines.join(line)
    assert (cost.redis, cost.mongo) == JOIN


async def test_by_hand_it_is_asked_who_they_are(till: Till, lines: House) -> None:
    line = await warm(lines)
    async with till.cost() as cost:
        await lines.enter(line)
    assert (cost.redis, cost.mongo) == (JOIN[0], [*ASKING_WHO, *JOIN[1]])


async def test_a_used_invite_costs_no_number(till: Till, lines: House) -> None:
    line = await warm(lines)
    invite = (await lines.invite(line))["invite"]
    for _ in range(2):  # The second time so that the server knows both scripts.
        await lines.try_claim(line, invite)
    async with till.cost() as cost:
        assert problem(await lines.try_claim(line, invite)) == (410, "invite_used")
    assert (cost.redis, cost.mongo) == (["EVALSHA", "EVALSHA"], [("insert", "tokens")])
    assert (await lines.join(line))["number"] == 3


async def test_after_a_flush_it_costs_one_look_more(till: Till, lines: House) -> None:
    line = await warm(lines)
    redis = lines.services.engines.redis
    await redis.delete(*await redis.keys(f"line:{{{line['id']}}}:*"))
    async with till.cost() as cost:
        assert (await lines.join(line))["number"] == 2
    assert cost.redis == ["EVALSHA", "EVALSHA"]
    look = [("find", "tokens"), ("find", "tokens")]
    assert cost.mongo == [("insert", "tokens"), *look, ("insert", "tokens")]


async def test_looking_at_a_token_reads_it_and_nothing_else(till: Till, lines: House) -> None:
    line = await warm(lines)
    token = await lines.join(line)
    async with till.cost() as cost:
        await lines.show(token)
    assert (cost.redis, cost.mongo) == ([], [("find", "tokens")])


async def test_looking_at_a_line_costs_nothing(till: Till, lines: House) -> None:
    line = await warm(lines)
    await lines.call("GET", f"/services/{line['id']}")
    async with till.cost() as cost:
        assert (await lines.call("GET", f"/services/{line['id']}")).json()["waiting"] == 1
    assert (cost.redis, cost.mongo) == ([], [])


async def test_the_counter_counts(till: Till, lines: House) -> None:
    """The positive control: without what is remembered a join costs more, and it is seen."""
    line = await lines.line()
    async with till.cost() as cost:
        await lines.join(line)
    assert len(cost.mongo) > 3
