"""The collection of mails on both drivers, and every question of mail on an index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import pytest
from ulid import ULID

from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.mongo import MongoConnection
from app.notifications.models import Facts, Mail, Reason, Way
from app.notifications.repository import Mails
from app.notifications.repository.mails import owed
from tests.architecture.spy import Spy, stages
from tests.fakes.twilio_server import twilio_server
from tests.notifications.office import Office, an_office, secret
from tests.notifications.queue import a_queue
from tests.notifications.smtp_server import smtp_server

SECOND = timedelta(seconds=1)
CLOCK = SystemClock()


@pytest.fixture(params=["pymongo", "motor"])
async def mails(request: pytest.FixtureRequest, mongo_url: str) -> AsyncIterator[Mails]:
    driver: Literal["pymongo", "motor"] = request.param
    connection = MongoConnection(mongo_url, f"test_{ULID()}".lower(), driver=driver)
    mails = Mails(connection.database, CLOCK)
    await mails.prepare()
    await mails.prepare()
    yield mails
    await connection.database.client.drop_database(connection.database.name)
    await connection.close()


def a_mail(
    about: str,
    reason: Reason = "verify_email",
    n: str = "1",
    to: str = "hash",
    facts: Facts | None = None,
    spare: Way | None = None,
) -> Mail:
    ways = [Way("email", to), spare] if spare else [Way("email", to)]
    return owed(reason, about, n, ways, facts or {}, CLOCK.now())


async def test_a_mail_is_owed_once(mails: Mails) -> None:
    user = new_id("usr")
    first, other = a_mail(user), a_mail(new_id("usr"))
    assert await mails.owe([first]) == 1
    assert await mails.owe([a_mail(user, facts={"at": 1})]) == 0
    different = [a_mail(user, "reset_password"), a_mail(user, n="2"), a_mail(user, to="another")]
    assert await mails.owe([first, *different, other]) == 4
    assert len(await mails.due("email", 10)) == 5
    assert await mails.due("sms", 10) == []


async def test_only_who_began_it_may_end_it(mails: Mails) -> None:
    await mails.owe([a_mail(new_id("usr"), facts={"at": 7})])
    [owed] = await mails.due("email", 10)
    assert owed.facts == {"at": 7}
    first = await mails.begin(owed, timedelta())
    assert first is not None
    assert await mails.begin(owed, SECOND) is None, "somebody has it"
    [lapsed] = await mails.due("email", 10)
    second = await mails.begin(lapsed, timedelta(minutes=1))
    assert second is not None
    assert (first.unsure, second.unsure) == (False, True)
    assert not await mails.close(first, "sent"), "its lease was over"
    assert await mails.again(second, CLOCK.now() - SECOND, "MailAway", unsure=False)
    [waiting] = await mails.due("email", 10)
    assert (waiting.status, waiting.unsure, waiting.tries) == ("owed", True, 2)
    third = await mails.begin(waiting, timedelta(minutes=1))
    assert third is not None
    assert await mails.close(third, "sent")
    assert await mails.due("email", 10) == []
    assert await mails.begin(third, SECOND) is None


async def test_what_fails_on_one_way_turns_to_the_other(mails: Mails) -> None:
    await mails.owe([a_mail(new_id("usr"), spare=Way("sms", "phone", ("line/x",)))])
    [mail] = await mails.due("email", 10)
    begun = await mails.begin(mail, SECOND)
    assert begun is not None
    assert begun.spare is not None
    assert await mails.turn(begun, begun.spare, "MailAway", unsure=True)
    assert not await mails.turn(begun, begun.spare, "MailAway", unsure=True), "it was done already"
    assert await mails.due("email", 10) == []
    [turned] = await mails.due("sms", 10)
    assert (turned.way, turned.spare, turned.tries) == (Way("sms", "phone", ("line/x",)), None, 0)
    assert turned.unsure


async def test_every_question_of_mail_has_an_index(mongo_url: str, redis_url: str) -> None:
    spy = Spy()
    async with (
        smtp_server() as mailbox,
        twilio_server() as twilio,
        an_office(mongo_url, redis_url, mailbox, [spy], twilio) as office,
    ):
        person = await office.person()
        await person.do("/me/verification")
        await office.post("/auth/password/forgot", {"email": person.email})
        await office.deliver()
        verify, reset = (secret(letter) for letter in person.letters()[-2:])
        await office.post("/auth/verify", {"secret": verify})
        await office.post("/auth/password/reset", {"secret": reset, "password": "another long one"})
        await office.deliver()
        await all_a_line_says(office)
        assert len(spy.asked) > 40
        scans = [one.shape for one in spy.asked if "COLLSCAN" in await stages(office.database, one)]
    assert not scans


async def all_a_line_says(office: Office) -> None:
    queue = await a_queue(office)
    guest = await queue.somebody(notify_changes=True, notify_minutes_before=60)
    await office.house.services.notifications.reminders.sweep()
    for action in ("pause", "open"):
        await queue.do(action)
        await office.deliver()
    await queue.do("next", counter="1")
    await guest.act("start")
    await office.deliver()
