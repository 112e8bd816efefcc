"""Durable subscribers get each message until they are done with it; poison does not hold up the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ulid import ULID

from app.bus.memory import MemoryBus
from app.bus.repository import MessageLog, Owed
from app.core.ids import new_id
from app.core.messages import Envelope
from app.core.mongo import Database
from app.core.redis import Client, connect
from tests.bus.samples import sample
from tests.workers.recorder import Recorder
from workers.consumer import DurableConsumer, Feed, FeedConsumer, Handing, Subscription, Subscriptions
from workers.lease import Leases
from workers.loops import Stop
from workers.owed import OwedSweep

STREAM = "orders"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def table(recorder: Recorder) -> Subscriptions:
    return Subscriptions((recorder.subscription(f"sub-{ULID()}", STREAM),))


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


async def told(messages: MessageLog, table: Subscriptions, bus: MemoryBus, sent: list[Envelope]) -> None:
    await messages.record([Owed(envelope, table.owes(envelope)) for envelope in sent])
    await bus.publish(sent)


def consumer(table: Subscriptions, bus: MemoryBus, messages: MessageLog, redis: Client) -> DurableConsumer:
    leases = Leases(redis, str(ULID()))
    return DurableConsumer(table.durable[0], bus, Handing(messages), leases, Stop(), "w")


async def test_each_message_is_handled_once_in_the_order_of_its_aggregate(
    messages: MessageLog, table: Subscriptions, bus: MemoryBus, redis: Client, recorder: Recorder
) -> None:
    keys = [new_id("ord") for _ in range(5)]
    sent = [sample(STREAM, key=key, version=n) for n in range(4) for key in keys]
    await told(messages, table, bus, [*sent, *sent])
    await consumer(table, bus, messages, redis).round()
    assert len(recorder.seen) == 20
    for key in keys:
        mine = [envelope.id for envelope in sent if envelope.key == key]
        assert [seen for seen in recorder.seen if seen in mine] == mine


async def test_poison_is_parked_after_ten_failures_and_the_rest_goes_on(
    database: Database,
    messages: MessageLog,
    table: Subscriptions,
    bus: MemoryBus,
    redis: Client,
    recorder: Recorder,
) -> None:
    sent = [sample(STREAM) for _ in range(3)]
    recorder.poison = {sent[1].id}
    await told(messages, table, bus, sent)
    await consumer(table, bus, messages, redis).round()
    assert set(recorder.seen) == {sent[0].id, sent[2].id}

    sweep = OwedSweep(messages, Handing(messages), table)
    for _ in range(9):
        assert (await database["messages"].find_one({"_id": sent[1].id}) or {}).get("parked_at") is None
        await database["messages"].update_many({}, {"$currentDate": {"retry_at": True}})
        await sweep()
    parked = await database["messages"].find_one({"_id": sent[1].id})
    assert parked is not None
    assert parked["parked_at"] is not None
    assert parked["owed"] == []
    assert parked["parked"] == [table.durable[0].name]


async def test_what_is_owed_is_not_handed_out_before_its_time(
    messages: MessageLog, table: Subscriptions, bus: MemoryBus, recorder: Recorder
) -> None:
    await told(messages, table, bus, [sample(STREAM)])
    await OwedSweep(messages, Handing(messages), table)()
    assert recorder.seen == []


async def test_a_subscriber_gets_the_types_it_asked_for(
    messages: MessageLog, bus: MemoryBus, redis: Client, recorder: Recorder
) -> None:
    table = Subscriptions((Subscription("s", (STREAM,), recorder.handle, frozenset({"order.confirmed"})),))
    wanted = sample(STREAM, type="order.confirmed")
    await told(messages, table, bus, [sample(STREAM), wanted])
    await consumer(table, bus, messages, redis).round()
    assert recorder.seen == [wanted.id]


async def test_a_feed_owes_nothing_and_outlives_its_errors(bus: MemoryBus) -> None:
    batches: list[int] = []

    async def handle(envelopes: object) -> None:
        batches.append(len(envelopes))  # type: ignore[arg-type]
        if len(batches) == 1:
            raise RuntimeError

    feed = FeedConsumer(Feed("live", (STREAM,), handle), bus, "w")
    await bus.publish([sample(STREAM) for _ in range(3)])
    with pytest.raises(RuntimeError):
        await feed.round()
    await bus.publish([sample(STREAM)])
    await feed.round()
    assert batches == [3, 1]


@pytest.fixture
async def no_redis() -> AsyncIterator[Client]:
    client = connect("redis://127.0.0.1:1/0", timeout_ms=100)
    yield client
    await client.aclose()


async def test_one_worker_holds_a_lease_and_everybody_does_without_redis(
    redis: Client, no_redis: Client
) -> None:
    name = str(ULID())
    first, second = Leases(redis, "a"), Leases(redis, "b")
    assert await first.held(name, 60)
    assert await first.held(name, 60)
    assert not await second.held(name, 60)
    await first.let_go()
    assert await second.held(name, 60)
    assert await Leases(no_redis, "a").held(name, 5)
