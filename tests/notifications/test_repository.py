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
from app.notifications.repository import Mails
from tests.architecture.spy import Spy, stages
from tests.notifications.office import an_office, secret
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


async def test_a_mail_is_owed_once(mails: Mails) -> None:
    user = new_id("usr")
    assert await mails.owe("verify_email", user, "1", "hash", {})
    assert not await mails.owe("verify_email", user, "1", "hash", {"at": 1})
    for different in (("reset_password", user, "1", "hash"), ("verify_email", user, "2", "hash")):
        assert await mails.owe(*different, {})
    assert await mails.owe("verify_email", new_id("usr"), "1", "hash", {})
    assert await mails.owe("verify_email", user, "1", "another", {})
    assert len(await mails.due(10)) == 5


async def test_only_who_began_it_may_end_it(mails: Mails) -> None:
    await mails.owe("verify_email", new_id("usr"), "1", "hash", {"at": 7})
    [owed] = await mails.due(10)
    assert owed.facts == {"at": 7}
    first = await mails.begin(owed, timedelta())
    assert first is not None
    assert await mails.begin(owed, SECOND) is None, "somebody has it"
    [lapsed] = await mails.due(10)
    second = await mails.begin(lapsed, timedelta(minutes=1))
    assert second is not None
    assert (first.unsure, second.unsure) == (False, True)
    assert not await mails.close(first, "sent"), "its lease was over"
    assert await mails.again(second, CLOCK.now() - SECOND, "MailAway", unsure=False)
    [waiting] = await mails.due(10)
    assert (waiting.status, waiting.unsure, waiting.tries) == ("owed", True, 2)
    third = await mails.begin(waiting, timedelta(minutes=1))
    assert third is not None
    assert await mails.close(third, "sent")
    assert await mails.due(10) == []
    assert await mails.begin(third, SECOND) is None


async def test_every_question_of_mail_has_an_index(mongo_url: str, redis_url: str) -> None:
    spy = Spy()
    async with smtp_server() as mailbox, an_office(mongo_url, redis_url, mailbox, [spy]) as office:
        person = await office.person()
        await person.do("/me/verification")
        await office.post("/auth/password/forgot", {"email": person.email})
        await office.deliver()
        verify, reset = (secret(letter) for letter in person.letters()[-2:])
        await office.post("/auth/verify", {"secret": verify})
        await office.post("/auth/password/reset", {"secret": reset, "password": "another long one"})
        await office.deliver()
        assert len(spy.asked) > 20
        scans = [one.shape for one in spy.asked if "COLLSCAN" in await stages(office.database, one)]
    assert not scans
