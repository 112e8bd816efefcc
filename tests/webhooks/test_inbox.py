"""Each delivery is stored before it is acknowledged, and handled once however often it comes."""

from __future__ import annotations

import asyncio

import pytest

from app.check.rules.messages import OWED_SECONDS
from app.core.clock import SystemClock
from app.core.errors import IllegalTransition, NotFound, Transient
from app.core.jobs import JobQueue
from app.core.mongo import Database, Document
from app.core.poke import Poke
from app.core.redis import connect
from app.payments.providers.base import Unverified
from app.webhooks.repository import DeliveryRepository
from app.webhooks.service import TRIES_BEFORE_PARKING, Inbox
from tests.webhooks.fake_provider import SIGNED, FakeProvider, Settlements, notice


async def only(database: Database) -> Document:
    [delivery] = await database["deliveries"].find().to_list(None)
    return delivery


async def receive(inbox: Inbox, database: Database, body: bytes = b"") -> str:
    await inbox.receive("fake", SIGNED, body or notice())
    return str((await only(database))["_id"])


async def test_a_delivery_is_stored_enqueued_and_handled(
    inbox: Inbox, database: Database, queue: JobQueue, settlements: Settlements
) -> None:
    delivery = await receive(inbox, database)
    assert [job.subject for job in await queue.listed()] == [delivery]
    assert (await only(database))["body"] == notice().decode()
    await inbox.handle(delivery)
    stored = await only(database)
    assert stored["status"] == "handled"
    assert stored["handled_at"] is not None
    assert "body" not in stored, "providers write names and addresses of buyers into it"
    assert settlements.calls == [("fake", "cs_1")]


async def test_the_same_delivery_in_parallel_is_one(
    inbox: Inbox, database: Database, settlements: Settlements
) -> None:
    await asyncio.gather(*(inbox.receive("fake", SIGNED, notice()) for _ in range(20)))
    delivery = (await only(database))["_id"]
    await inbox.handle(delivery)
    await inbox.handle(delivery)
    assert len(settlements.calls) == 1


async def test_redelivery_arms_an_unhandled_one_and_leaves_a_handled_one(
    inbox: Inbox, database: Database, queue: JobQueue, settlements: Settlements
) -> None:
    delivery = await receive(inbox, database)
    settlements.error = Transient()
    with pytest.raises(Transient):
        await inbox.handle(delivery)
    [job] = await queue.listed()
    await database["jobs"].update_one({"_id": job.id}, {"$set": {"status": "dead"}})
    await inbox.receive("fake", SIGNED, notice())
    assert (await queue.get(job.id)).status == "queued"

    settlements.error = None
    await inbox.handle(delivery)
    await database["jobs"].update_one({"_id": job.id}, {"$set": {"status": "done"}})
    await inbox.receive("fake", SIGNED, notice())
    assert (await queue.get(job.id)).status == "done"
    assert (await only(database))["status"] == "handled"


async def test_nothing_unverified_or_of_an_unknown_provider_is_stored(
    inbox: Inbox, database: Database
) -> None:
    with pytest.raises(Unverified):
        await inbox.receive("fake", {"X-Signature": "forged"}, notice())
    with pytest.raises(NotFound):
        await inbox.receive("nobody", SIGNED, notice())
    assert await database["deliveries"].count_documents({}) == 0


async def test_types_that_do_not_concern_us_are_stored_and_ignored(
    inbox: Inbox, database: Database, queue: JobQueue
) -> None:
    await receive(inbox, database, notice(ref=None))
    assert (await only(database))["status"] == "ignored"
    assert "body" not in await only(database)
    assert await queue.listed() == []


@pytest.mark.parametrize(
    ("more", "reason"), [({"live": True}, "live_mode"), ({"account": "acct_2"}, "other_account")]
)
async def test_another_account_or_mode_is_parked_also_when_it_comes_again(
    inbox: Inbox, database: Database, queue: JobQueue, more: dict[str, object], reason: str
) -> None:
    for _ in range(2):
        await receive(inbox, database, notice(**more))  # type: ignore[arg-type]
        stored = await only(database)
        assert (stored["status"], stored["reason"]) == ("parked", reason)
    assert await queue.listed() == []


async def test_an_object_that_is_not_ours_is_parked_and_can_be_retried(
    inbox: Inbox, database: Database, settlements: Settlements
) -> None:
    settlements.outcome = "unknown"
    delivery = await receive(inbox, database)
    await inbox.handle(delivery)
    assert (await only(database))["status"] == "parked"
    settlements.outcome = "settled"
    assert (await inbox.retry(delivery)).status == "received"
    await inbox.handle(delivery)
    assert (await only(database))["status"] == "handled"
    with pytest.raises(IllegalTransition):
        await inbox.retry(delivery)


async def test_the_sweeper_finds_what_no_job_handled(
    inbox: Inbox, database: Database, queue: JobQueue
) -> None:
    await receive(inbox, database)
    assert await inbox.sweep() == 0, "not before 5 s"
    await database["jobs"].delete_many({})
    await database["deliveries"].update_many({}, {"$currentDate": {"next_at": True}})
    await asyncio.sleep(0.01)
    assert await inbox.sweep() == 1
    assert await inbox.sweep() == 0
    assert len(await queue.listed()) == 1


async def test_failures_back_off_and_a_lasting_one_is_parked(
    inbox: Inbox, database: Database, settlements: Settlements
) -> None:
    delivery = await receive(inbox, database)
    settlements.error = Transient()
    for _ in range(TRIES_BEFORE_PARKING + 2):
        with pytest.raises(Transient):
            await inbox.handle(delivery)
    stored = await only(database)
    assert stored["status"] == "received", "an absent provider is no reason to give up"
    assert (stored["next_at"] - SystemClock().now()).total_seconds() > 60

    settlements.error = ValueError("secret")
    with pytest.raises(ValueError, match="secret"):
        await inbox.handle(delivery)
    stored = await only(database)
    assert (stored["status"], stored["reason"]) == ("parked", "ValueError")


async def test_one_that_can_never_be_handled_waits_for_a_person_before_it_counts_as_overdue(
    inbox: Inbox, database: Database, settlements: Settlements
) -> None:
    """A refusal by the provider, say, to show an object that it does not know."""
    delivery = await receive(inbox, database)
    settlements.error = ValueError()
    waited = 0.0
    while (stored := await only(database))["status"] == "received":
        with pytest.raises(ValueError):  # noqa: PT011 — the fake's own.
            await inbox.handle(delivery)
        waited += (stored["next_at"] - SystemClock().now()).total_seconds()

    assert stored["status"] == "parked"
    assert waited < OWED_SECONDS


async def test_redis_away_does_not_stop_webhooks(database: Database, settlements: Settlements) -> None:
    redis, clock = connect("redis://127.0.0.1:1/0", timeout_ms=100), SystemClock()
    deliveries = DeliveryRepository(database, clock)
    await deliveries.prepare()
    queue = JobQueue(database, clock, Poke(redis))
    inbox = Inbox(deliveries, {"fake": FakeProvider()}, settlements.by_ref, queue, clock)
    await receive(inbox, database)
    assert len(await queue.listed()) == 1
    await redis.aclose()
