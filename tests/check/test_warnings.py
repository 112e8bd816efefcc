"""What is worth a look and breaks no promise, and how often the checker looks."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from app.check import check, main
from tests.check.plants import LONG_AGO
from tests.check.world import World
from tests.orders.house import Json, places, type_id


async def warned(world: World) -> set[str]:
    report = await world.report()
    assert report["violations"] == []
    return {warning["rule"] for warning in report["warnings"]}


def key(world: World, name: str) -> str:
    return f"stock:{{{world.event['id']}}}:{name}"


async def test_a_picture_that_offers_what_is_claimed(world: World) -> None:
    redis = world.house.services.engines.redis
    kind = type_id(world.event, "Seat")
    await redis.sadd(key(world, f"free:{kind}"), "s/stalls/A/2")  # type: ignore[misc]
    assert await warned(world) == {"picture_offers_claimed"}
    await redis.srem(key(world, f"free:{kind}"), "s/stalls/A/2")  # type: ignore[misc]


async def test_a_picture_that_withholds_what_is_free(world: World) -> None:
    redis = world.house.services.engines.redis
    kind = type_id(world.event, "Seat")
    await redis.srem(key(world, f"free:{kind}"), "s/stalls/A/4")  # type: ignore[misc]
    assert await warned(world) == {"picture_withholds"}
    await redis.hset(key(world, f"held:{kind}"), "s/stalls/A/4", "ord_gone")  # type: ignore[misc]
    assert await warned(world) == {"picture_holds_unclaimed"}
    await redis.hdel(key(world, f"held:{kind}"), "s/stalls/A/4")  # type: ignore[misc]
    await redis.sadd(key(world, f"free:{kind}"), "s/stalls/A/4")  # type: ignore[misc]


async def test_a_picture_of_another_version(world: World) -> None:
    redis = world.house.services.engines.redis
    await redis.hincrby(key(world, "meta"), "version", 1)  # type: ignore[misc]
    assert await warned(world) == {"picture_outdated"}
    await redis.hincrby(key(world, "meta"), "version", -1)  # type: ignore[misc]


async def test_no_redis_no_verdict_on_pictures(world: World) -> None:
    report = await check(world.mongo_url, "redis://127.0.0.1:9", world.house.database.name, pause=0.0)
    assert report["ok"]
    assert [warning["rule"] for warning in report["warnings"]] == ["redis_away"]


async def test_a_guard_that_is_gone(world: World) -> None:
    await world.without_guard("claims")
    assert await warned(world) == {"guard_missing"}


async def test_capacity_that_forgot_a_block(world: World) -> None:
    await world.update("events", world.event["id"], {"$set": {"ticket_types.0.capacity": 10}})
    assert await warned(world) == {"capacity_differs"}


async def test_a_provider_that_is_away(world: World) -> None:
    entry = {"at": LONG_AGO, "from": "pending", "to": "expiring", "cause": "", "by": ""}
    change: Json = {"$set": {"status": "expiring", "check_at": LONG_AGO}, "$inc": {"version": 1}}
    await world.order("opened", change | {"$push": {"history": entry}})
    assert await warned(world) == {"expiring_long"}


async def test_a_message_that_was_given_up(world: World) -> None:
    await world.insert("messages", {"_id": "m", "at": LONG_AGO, "type": "order.paid", "parked": ["mail"]})
    assert await warned(world) == {"message_parked"}


async def test_money_the_provider_has_just_taken(world: World) -> None:
    """The poll is not due yet, so this is news, not a loss."""
    now = datetime.now(UTC)
    captured = {"amount": 5000, "currency": "EUR"}
    await world.charge("opened", {"$set": {"captured": captured, "history": [{"at": now}]}})
    assert await warned(world) == {"capture_unknown"}


async def test_within_five_seconds_of_the_deadline_nothing_is_wrong(world: World) -> None:
    in_time = False
    while not in_time:  # Where the look itself took longer than is left, it is no answer.
        just_now = datetime.now(UTC) - timedelta(seconds=3)
        await world.order("pending", {"$set": {"deadline": just_now}})
        report = await world.report()
        in_time = datetime.now(UTC) - just_now < timedelta(seconds=5)
    assert report["violations"] == report["warnings"] == []


async def test_what_the_second_look_does_not_see_was_a_write_under_way(world: World) -> None:
    """Planted, then put right during the pause."""
    await world.order("pending", {"$inc": {"total.amount": 1}})
    database = world.house.database.name

    async def put_right(_: float) -> None:
        await world.order("pending", {"$inc": {"total.amount": -1}})

    report = await check(world.mongo_url, world.redis_url, database, wait=put_right)
    assert report["violations"] == []
    assert len(report["looked_at"]) == 2


async def test_the_command_waits_two_seconds_before_it_complains(world: World) -> None:
    await world.order("pending", {"$inc": {"total.amount": 1}})
    started = time.monotonic()
    report: dict[str, Any] = await asyncio.to_thread(
        main, world.mongo_url, world.redis_url, world.house.database.name
    )
    assert time.monotonic() - started >= 2.0
    assert [violation["rule"] for violation in report["violations"]] == ["total_wrong"]


async def test_looking_while_places_are_sold_finds_nothing(world: World) -> None:
    event, another = await world.house.event(), asyncio.Event()

    async def sell() -> None:
        try:
            for _ in range(8):
                await world.house.pay(await world.house.book(event, places(event)))
                another.set()
        finally:
            another.set()

    async def until_another_is_sold(_: float) -> None:
        """What was half done at the first look is whole then."""
        another.clear()
        if not selling.done():
            await another.wait()

    selling = asyncio.create_task(sell())
    while not selling.done():
        database = world.house.database.name
        report = await check(world.mongo_url, world.redis_url, database, wait=until_another_is_sold)
        assert report["violations"] == []
    await selling
