"""A text is sent twice at most, however often its answer is lost; a letter is known by its id."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from app.core.mongo import Database
from app.notifications.models import Mail, Way
from app.notifications.repository import Caps, Mails
from app.notifications.service import Post, Rationing, Ways
from tests.notifications.workers import ADDRESSES, CLOCK, LIMITS, Worker, status, write

TEXT, LETTER = Way("sms", "phone"), Way("email", "ada")


async def test_a_text_without_an_answer_is_sent_twice_and_no_more(database: Database) -> None:
    worker = Worker(database, unsure=True)
    await worker.owe(1, TEXT)
    await worker.rounds(6)
    assert worker.texts.count == 2
    assert await status(database) == {"given_up": 1}


class Trusting(Mails):
    """The guard removed: an answer that was lost is taken for a no."""

    async def again(self, mail: Mail, at: datetime, error: str, *, unsure: bool) -> bool:
        return await super().again(mail, at, error, unsure=False)


async def test_control_without_the_doubt_it_is_sent_again_and_again(database: Database) -> None:
    worker = Worker(database, mails=Trusting(database, CLOCK), unsure=True)
    await worker.owe(1, TEXT)
    await worker.rounds(6)
    assert worker.texts.count == 6


async def test_after_two_doubtful_texts_there_is_one_letter_to_try(database: Database) -> None:
    worker = Worker(database, unsure=True)
    await worker.owe(1, TEXT, LETTER)
    await worker.rounds(4)
    assert (worker.texts.count, worker.letters.count) == (2, 2)


async def test_many_workers_send_each_once(database: Database) -> None:
    workers = [Worker(database) for _ in range(4)]
    await workers[0].owe(30, TEXT)
    await asyncio.gather(*(worker.post.sweep(100) for worker in workers))
    assert sum(worker.texts.count for worker in workers) == 30


class Leaseless(Mails):
    """The guard removed: whoever found it takes it."""

    async def begin(self, mail: Mail, lease: timedelta) -> Mail | None:
        begun = await super().begin(mail, lease)
        return begun or replace(mail, run=mail.run + 1, status="sending")


async def test_control_without_taking_it_workers_send_it_each(database: Database) -> None:
    workers = [Worker(database, mails=Leaseless(database, CLOCK)) for _ in range(4)]
    await workers[0].owe(1, TEXT)
    [mail] = await workers[0].mails.due("sms", 1)
    await asyncio.gather(*(worker.post._send(mail) for worker in workers))
    assert sum(worker.texts.count for worker in workers) == 4


async def test_where_texts_were_switched_off_what_was_owed_goes_by_mail(database: Database) -> None:
    worker = Worker(database)
    await worker.owe(2, TEXT, LETTER)
    await worker.owe(1, TEXT)
    off = Post(worker.mails, write, Ways(worker.letters), Rationing(Caps(database), LIMITS), ADDRESSES, CLOCK)
    for _ in range(2):
        await off.sweep(100)
    assert (worker.texts.count, worker.letters.count) == (0, 2)
    assert await status(database) == {"sent": 2, "refused": 1}
