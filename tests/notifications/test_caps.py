"""Nobody gets more than the caps allow, whoever asks how often and however many workers send at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from app.core.mongo import Database
from app.notifications.models import Cap, Mail, Way
from app.notifications.repository import Caps
from app.notifications.service import Post, Rationing, Ways
from tests.notifications.workers import ADDRESSES, CLOCK, LIMIT, Worker, status, write


async def test_a_cap_holds_when_many_workers_send_at_once(database: Database) -> None:
    workers = [Worker(database) for _ in range(4)]
    await workers[0].owe(40, Way("email", "ada", ("unasked/x/ada",)))
    await asyncio.gather(*(worker.post.sweep(100) for worker in workers for _ in range(2)))
    await workers[0].post.sweep(100)
    assert sum(worker.letters.count for worker in workers) == LIMIT
    assert await status(database) == {"sent": LIMIT, "capped": 40 - LIMIT}


class Reading(Caps):
    """The guard removed: counted first, by everybody, and written down afterwards."""

    def __init__(self, database: Database, everybody: asyncio.Barrier) -> None:
        super().__init__(database)
        self._everybody = everybody

    async def take(self, key: str, cap: Cap) -> bool:
        found = await self._caps.find_one({"_id": key})
        await self._everybody.wait()
        await super().take(key, Cap(1000, cap.window))
        return len(found["at"] if found else ()) < cap.limit


async def test_control_counting_before_writing_lets_more_through(database: Database) -> None:
    worker = Worker(database, caps=Reading(database, asyncio.Barrier(LIMIT + 1)))
    await worker.owe(LIMIT + 1, Way("email", "ada", ("unasked/x/ada",)))
    await worker.post.sweep(100)
    assert worker.letters.count == LIMIT + 1


async def test_past_its_cap_a_text_becomes_a_letter(database: Database) -> None:
    worker = Worker(database)
    text = Way("sms", "phone", ("number/phone", "line/x"))
    await worker.owe(LIMIT + 2, text, Way("email", "ada"))
    await worker.post.sweep(100)
    await worker.post.sweep(100)
    assert (worker.texts.count, worker.letters.count) == (LIMIT, 2)
    [turned, _] = await database["mails"].find({"channel": "email"}).to_list(None)
    assert [failed["error"] for failed in turned["failed"]] == ["number"]


async def test_each_cap_counts_for_itself(database: Database) -> None:
    worker = Worker(database)
    for n in range(LIMIT + 2):
        await worker.owe(1, Way("sms", f"phone {n}", (f"number/{n}", "line/x")))
    await worker.owe(1, Way("sms", "phone", ("number/another", "line/y")))
    await worker.post.sweep(100)
    assert worker.texts.count == LIMIT + 1
    assert await status(database) == {"sent": LIMIT + 1, "capped": 2}


async def test_a_mail_that_is_tried_again_counts_once(database: Database) -> None:
    worker = Worker(database, unsure=True)
    await worker.owe(1, Way("email", "ada", ("unasked/x/ada",)))
    await worker.rounds(LIMIT + 3)
    assert worker.letters.count == LIMIT + 3
    [kept] = await database["mail_caps"].find({}).to_list(None)
    assert len(kept["at"]) == 1


class Broken(Rationing):
    """The database goes away before it has counted."""

    async def count(self, mail: Mail) -> None:
        raise OSError


async def test_what_was_not_counted_is_counted_when_it_is_tried_again(database: Database) -> None:
    worker = Worker(database)
    await worker.owe(LIMIT + 1, Way("sms", "phone", ("number/phone",)))
    broken = Post(
        worker.mails, write, Ways(worker.letters, worker.texts), Broken(Caps(database), {}), ADDRESSES, CLOCK
    )
    await broken.sweep(100)
    assert await status(database) == {"owed": LIMIT + 1}
    assert not await database["mails"].find_one({"unsure": True}), "nothing was handed over"
    await worker.rounds(1)
    await worker.rounds(1)
    assert worker.texts.count == LIMIT


async def test_any_span_of_the_window_sees_no_more_than_the_limit(database: Database) -> None:
    """Not only spans that begin on the hour: a slot is free again an hour after it was taken."""
    caps, cap = Caps(database), Cap(2, timedelta(hours=1))
    await caps.prepare()
    assert [await caps.take("x", cap) for _ in range(3)] == [True, True, False]
    ago = {"$subtract": ["$$NOW", 59 * 60 * 1000]}
    gone = {"$subtract": ["$$NOW", 61 * 60 * 1000]}
    await database["mail_caps"].update_one({"_id": "x"}, [{"$set": {"at": [gone, ago]}}])
    assert [await caps.take("x", cap) for _ in range(2)] == [True, False]
    assert await caps.take("y", cap)
