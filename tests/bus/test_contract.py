"""One contract for every bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from ulid import ULID

from app.bus.base import Bus, Received
from app.bus.memory import MemoryBus
from app.bus.redis_streams import RedisStreams
from app.core.redis import Client, connect
from tests.bus.samples import sample

STUCK_SECONDS, NEVER = 0.3, 3600.0


@dataclass(frozen=True)
class Rig:
    bus: Bus
    stream: str
    forget: Callable[[], Awaitable[object]]
    """What FLUSHALL does to it, here for this stream only."""

    async def read(self, *, group: str = "g", consumer: str = "a", block: float = 0.2) -> list[Received]:
        """The first read of a group may only create it."""
        for _ in range(3):
            found = await self.bus.read(group, consumer, [self.stream], count=10, block=block)
            if found:
                return found
        return []

    async def ids(self, consumer: str = "a") -> list[str]:
        return [envelope.id for _, envelope in await self.read(consumer=consumer)]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url, timeout_ms=60_000)
    yield client
    await client.aclose()


@pytest.fixture(params=["memory", "redis_streams"])
async def rig(request: pytest.FixtureRequest, redis: Client) -> Rig:
    """Nothing is ever stuck here, however slow we are."""
    return _rig(request.param, redis, NEVER)


@pytest.fixture(params=["memory", "redis_streams"])
async def hasty(request: pytest.FixtureRequest, redis: Client) -> Rig:
    return _rig(request.param, redis, STUCK_SECONDS)


def _rig(kind: str, redis: Client, stuck_seconds: float) -> Rig:
    stream = f"test-{ULID()}"
    if kind == "memory":
        memory = MemoryBus(stuck_seconds=stuck_seconds)

        async def forget() -> None:
            memory.flush()

        return Rig(memory, stream, forget)
    return Rig(
        RedisStreams(redis, stuck_seconds=stuck_seconds),
        stream,
        lambda: redis.delete(f"usher:stream:{stream}"),
    )


async def test_what_is_published_is_read_as_it_was_and_in_order(rig: Rig) -> None:
    sent = [sample(rig.stream, version=n) for n in range(5)]
    await rig.bus.publish(sent)
    assert [envelope for _, envelope in await rig.read()] == sent


async def test_members_of_a_group_share_and_groups_do_not(rig: Rig) -> None:
    await rig.bus.publish([sample(rig.stream)])
    assert len(await rig.read(consumer="a")) == 1
    assert await rig.read(consumer="b", block=0.01) == []
    assert len(await rig.read(group="other")) == 1


async def test_an_acknowledged_message_is_not_seen_again(hasty: Rig) -> None:
    await hasty.bus.publish([sample(hasty.stream)])
    found = await hasty.read()
    await hasty.bus.ack("g", [receipt for receipt, _ in found])
    await asyncio.sleep(STUCK_SECONDS * 1.5)
    assert await hasty.read(consumer="b", block=0.01) == []


async def test_a_message_nobody_acknowledged_goes_to_another_member(hasty: Rig) -> None:
    entry = sample(hasty.stream)
    await hasty.bus.publish([entry])
    assert await hasty.ids(consumer="a") == [entry.id]
    await asyncio.sleep(STUCK_SECONDS * 1.5)
    assert await hasty.ids(consumer="b") == [entry.id]


async def test_a_reader_waits_for_news(rig: Rig) -> None:
    await rig.read(block=0.01)
    waiting = asyncio.create_task(rig.bus.read("g", "a", [rig.stream], count=10, block=30))
    await asyncio.sleep(0.05)
    entry = sample(rig.stream)
    await rig.bus.publish([entry])
    assert [envelope.id for _, envelope in await asyncio.wait_for(waiting, 60)] == [entry.id]


async def test_a_group_that_vanished_is_made_again_and_misses_nothing(rig: Rig) -> None:
    await rig.bus.publish([sample(rig.stream)])
    assert await rig.read()
    await rig.forget()
    entry = sample(rig.stream)
    await rig.bus.publish([entry])
    assert await rig.ids() == [entry.id]


async def test_one_group_reads_several_streams(rig: Rig) -> None:
    other = f"{rig.stream}-2"
    sent = [sample(rig.stream), sample(other)]
    await rig.bus.publish(sent)
    found: set[str] = set()
    for _ in range(4):
        read = await rig.bus.read("g", "a", [rig.stream, other], count=10, block=0.05)
        found |= {envelope.id for _, envelope in read}
    assert found == {entry.id for entry in sent}


async def test_the_stream_keeps_the_newest_only(redis: Client) -> None:
    stream = f"test-{ULID()}"
    bus = RedisStreams(redis, kept=100)
    for _ in range(10):
        await bus.publish([sample(stream) for _ in range(100)])
    assert await redis.xlen(f"usher:stream:{stream}") < 400
