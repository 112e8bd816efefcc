"""The relay loses nothing, wherever it or Redis is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from ulid import ULID

from app.bus.base import BusAway
from app.bus.memory import MemoryBus
from app.bus.redis_streams import RedisStreams
from app.bus.repository import MessageLog
from app.core.messages import Envelope
from app.core.mongo import Database
from app.core.outbox import Outbox
from app.core.redis import Client
from tests.workers.orders import says, unsaid
from tests.workers.recorder import Recorder
from workers.consumer import Handing, Subscriptions
from workers.owed import OwedSweep
from workers.relay import Relay


class AwayBus(MemoryBus):
    away = True

    async def publish(self, entries: Sequence[Envelope]) -> None:
        if self.away:
            raise BusAway
        await super().publish(entries)


class KeepingOutbox(Outbox):
    """Dies before it pulls."""

    async def pull(self, pending: Sequence[object]) -> None:
        raise RuntimeError("killed here")


@pytest.fixture
def stream() -> str:
    return f"test-{ULID()}"


async def everything(bus: MemoryBus | RedisStreams, stream: str) -> list[str]:
    found: list[str] = []
    quiet = 0
    while quiet < 2:
        read = await bus.read("g", "a", [stream], count=1000, block=0.01)
        quiet = 0 if read else quiet + 1
        found += [envelope.id for _, envelope in read]
    return found


async def test_messages_go_out_in_order_and_leave_the_outbox_but_not_the_version(
    database: Database, messages: MessageLog, outbox: Outbox, stream: str
) -> None:
    said = await says(database, stream, 3, messages=3)
    bus = MemoryBus()
    relay = Relay([outbox], messages, bus, Subscriptions().owes)
    assert await relay.once() is False
    assert sorted(await everything(bus, stream)) == sorted(said)
    assert await unsaid(database) == 0
    orders = await database["orders"].find().to_list(None)
    assert all(order["version"] == 1 and order["outbox"] == [] for order in orders)
    assert await database["messages"].count_documents({}) == 9


async def test_a_full_batch_asks_for_more(database: Database, messages: MessageLog, outbox: Outbox) -> None:
    await says(database, "s", 5)
    relay = Relay([outbox], messages, MemoryBus(), Subscriptions().owes, batch=3)
    assert await relay.once() is True
    assert await relay.once() is False
    assert await unsaid(database) == 0


async def test_without_a_bus_messages_stay_in_the_outbox(
    database: Database, messages: MessageLog, outbox: Outbox, stream: str
) -> None:
    said = await says(database, stream, 4)
    bus = AwayBus()
    relay = Relay([outbox], messages, bus, Subscriptions().owes)
    for _ in range(2):
        with pytest.raises(BusAway):
            await relay.once()
    assert await unsaid(database) == 4
    bus.away = False
    await relay.once()
    assert sorted(await everything(bus, stream)) == sorted(said)
    assert await unsaid(database) == 0


async def test_killed_before_the_pull_repeats_the_message_and_the_subscriber_acts_once(
    database: Database, messages: MessageLog, outbox: Outbox, stream: str
) -> None:
    said = await says(database, stream, 2)
    recorder, bus = Recorder(), MemoryBus()
    table = Subscriptions((recorder.subscription("mailer", stream),))
    with pytest.raises(RuntimeError):
        await Relay([KeepingOutbox(database["orders"])], messages, bus, table.owes).once()
    await Relay([outbox], messages, bus, table.owes).once()
    found = [envelope for _, envelope in await bus.read("mailer", "a", [stream], count=10, block=0)]
    assert len(found) == 4
    await Handing(messages).hand(table.durable[0], found)
    await Handing(messages).hand(table.durable[0], found)
    assert sorted(recorder.seen) == sorted(said)


async def test_two_relays_at_once_lose_nothing(
    database: Database, messages: MessageLog, outbox: Outbox, stream: str
) -> None:
    said = await says(database, stream, 300)
    bus = MemoryBus()
    relays = [Relay([outbox], messages, bus, Subscriptions().owes, batch=50) for _ in range(2)]
    for _ in range(10):
        await asyncio.gather(*(relay.once() for relay in relays))
    assert set(await everything(bus, stream)) == set(said)
    assert await unsaid(database) == 0
    assert await database["messages"].count_documents({}) == 300


@pytest.mark.parametrize("moment", ["before the read", "after the read"])
async def test_a_flushed_redis_loses_no_message(
    database: Database, messages: MessageLog, outbox: Outbox, redis: Client, stream: str, moment: str
) -> None:
    """Deletes the stream with its group, which is what FLUSHALL does to it, where it hurts most."""
    said = await says(database, stream, 20)
    recorder, bus = Recorder(), RedisStreams(redis)
    table = Subscriptions((recorder.subscription("mailer", stream),))
    await Relay([outbox], messages, bus, table.owes).once()
    if moment == "after the read":
        await bus.read("mailer", "a", [stream], count=5, block=0.01)
    await redis.delete(f"usher:stream:{stream}")
    await bus.read("mailer", "a", [stream], count=5, block=0.01)
    assert recorder.seen == []

    await database["messages"].update_many({}, {"$currentDate": {"retry_at": True}})
    await OwedSweep(messages, Handing(messages), table)()
    assert sorted(recorder.seen) == sorted(said)
    assert await database["messages"].count_documents({"owed": "mailer"}) == 0


async def test_the_outbox_index_serves_the_relay(database: Database, outbox: Outbox) -> None:
    await database["orders"].insert_many([{"_id": f"ord_{n}", "outbox": []} for n in range(500)])
    await says(database, "s", 3)
    plan = await database["orders"].find({"outbox.id": {"$gt": ""}}, {"outbox": 1}).limit(500).explain()
    assert plan["executionStats"]["totalKeysExamined"] <= 4
    assert plan["executionStats"]["totalDocsExamined"] == 3
