"""Each mail once, as far as SMTP allows: under repetition, failure and death. And each in the end."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from ulid import ULID

from app.bootstrap import build
from app.core.clock import Clock
from app.core.ids import new_id
from app.core.messages import Envelope
from app.core.mongo import Database
from app.core.security import hash_email
from app.notifications.models import Letter, Mail
from app.notifications.repository import Caps, Mails
from app.notifications.service import Post, Rationing, Ways
from tests.e2e.conftest import PASSWORD, bearer
from tests.notifications.office import Office
from tests.notifications.workers import ADDRESSES


async def test_the_same_news_a_hundred_times_is_one_mail(office: Office) -> None:
    person = await office.person()
    await office.hear()
    [envelope] = [found for found in await heard(office) if found.type == "user.signed_up"]
    listener = office.house.services.notifications.listener
    await asyncio.gather(*(listener.heard(envelope) for _ in range(100)))
    await asyncio.gather(*(office.sweep() for _ in range(5)))
    await office.sweep()
    assert len(person.letters()) == 1


async def test_a_stranger_s_mailbox_is_not_filled_by_signing_it_up_again_and_again(office: Office) -> None:
    email = f"{ULID()}@example.com".lower()
    for _ in range(7):
        person = await office.person(email)
        await office.deliver()
        erased = await office.house.client.delete("/api/v1/me", headers=bearer(person.token))
        assert erased.status_code == 204
    assert person.subjects() == ["Confirm your email address"] * 5
    other = await office.person()
    await office.deliver()
    assert len(other.letters()) == 1


async def test_nor_by_changing_the_password_all_day(office: Office) -> None:
    person = await office.person()
    for n in range(7):
        old, new = (PASSWORD if n == 0 else f"{PASSWORD} {n}"), f"{PASSWORD} {n + 1}"
        body = {"current_password": old, "new_password": new}
        assert (await person.do("/me/password", body))[0] == 200
        await office.deliver()
    assert person.subjects().count("Your password was changed") == 5
    await office.an_hour_later()
    await person.do("/me/password", {"current_password": new, "new_password": PASSWORD})
    await office.deliver()
    assert person.subjects().count("Your password was changed") == 6, "an hour later they hear of it again"


async def test_two_post_offices_do_not_send_one_mail_twice(office: Office) -> None:
    people = [await office.person() for _ in range(20)]
    await office.hear()
    await asyncio.gather(*(office.sweep() for _ in range(4)))
    assert [len(person.letters()) for person in people] == [1] * 20
    assert {mail["status"] for mail in await office.mails()} == {"sent"}


class Forgetful(Mails):
    """The guard removed: every mail is a new one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)

    async def owe(self, mails: Sequence[Mail]) -> int:
        return await super().owe([replace(mail, id=new_id("mail")) for mail in mails])


async def test_control_without_the_guard_the_same_news_is_several_mails(office: Office) -> None:
    person = await office.person()
    engines, sent = office.house.services.engines, Counting()
    mails, rationing = Forgetful(engines.mongo.database, engines.clock), Rationing(Caps(office.database), {})
    post = Post(mails, write, Ways(sent), rationing, ADDRESSES, engines.clock)
    for _ in range(5):
        await post.owe("verify_email", person.id, 1, person.email)
    await post.sweep(100)
    assert sent.count == 5


async def test_killed_while_sending_it_is_sent_again_and_marked(office: Office) -> None:
    """Whether the first one arrived nobody can know; the second has the same Message-ID."""
    person = await office.person()
    await office.hear()
    office.mailbox.at_data = ["keep_and_hang"]
    sending = asyncio.create_task(office.sweep())
    await office.mailbox.taken.wait()
    sending.cancel()
    await asyncio.wait([sending])
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"]) == ("sending", False)
    assert await office.sweep() == 0, "its lease holds"
    await office.make_due()
    assert await office.sweep() == 1
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"], mail["tries"]) == ("sent", True, 2)
    assert len({letter["Message-ID"] for letter in person.letters()}) == 1


@pytest.mark.parametrize(
    ("step", "answer", "unsure"),
    [("at_rcpt", "451 later", False), ("at_data", "451 later", False), ("at_data", "keep", True)],
)
async def test_what_failed_is_tried_again_later(office: Office, step: str, answer: str, unsure: bool) -> None:
    await office.person()
    await office.hear()
    getattr(office.mailbox, step).append(answer)
    assert await office.sweep() == 0
    assert await office.sweep() == 0, "not before its pause is over"
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"]) == ("owed", unsure)
    await office.make_due()
    assert await office.sweep() == 1
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"]) == ("sent", unsure)


async def test_what_is_refused_for_good_is_not_tried_again(office: Office) -> None:
    await office.person()
    await office.hear()
    office.mailbox.at_rcpt = ["550 no such mailbox"]
    assert await office.sweep() == 1
    [mail] = await office.mails()
    assert (mail["status"], mail["last_error"], "due" in mail) == ("refused", "SMTP 550", False)


async def test_a_server_that_is_away_is_asked_about_few_and_all_go_when_it_is_back(office: Office) -> None:
    people = [await office.person() for _ in range(20)]
    await office.hear()
    office.mailbox.at_rcpt = ["421 closing"] * 8
    assert await office.sweep() == 0
    assert sorted(mail["tries"] for mail in await office.mails()) == [0] * 12 + [1] * 8
    await office.make_due()
    assert await office.sweep() == 20
    assert [len(person.letters()) for person in people] == [1] * 20


async def test_it_is_given_up_after_days(office: Office) -> None:
    await office.person()
    await office.hear()
    old = office.house.services.engines.clock.now() - timedelta(days=4)
    await office.database["mails"].update_many({}, {"$set": {"created_at": old}})
    office.mailbox.at_rcpt = ["451 later"]
    assert await office.sweep() == 1
    [mail] = await office.mails()
    assert mail["status"] == "given_up"


async def test_a_letter_that_cannot_be_made_holds_up_no_other(office: Office) -> None:
    person = await office.person()
    await office.hear()
    post = office.house.services.notifications.post
    await post.owe("password_changed", person.id, "1", person.email)  # No time in it.
    await office.sweep()
    assert person.subjects() == ["Confirm your email address"]
    assert sorted(mail["status"] for mail in await office.mails()) == ["owed", "sent"]


async def test_it_goes_to_the_address_it_was_owed_to_or_nowhere(office: Office) -> None:
    person = await office.person()
    await office.hear()
    await office.database["users"].update_one({"_id": person.id}, {"$set": {"email": "other@example.com"}})
    await office.sweep()
    assert office.mailbox.letters == []
    assert [mail["status"] for mail in await office.mails()] == ["dropped"]


async def test_the_collection_and_the_bus_hold_no_address_and_no_secret(office: Office) -> None:
    person = await office.person()
    await office.post("/auth/password/forgot", {"email": person.email})
    await office.hear()
    kept = [repr(await office.mails()), repr(await heard(office))]
    await office.sweep()
    kept.append(repr(await office.database["messages"].find({}).to_list(None)))
    kept.append(repr(await office.mails()))
    found = "".join(kept)
    assert "reset_password" in found
    assert person.email not in found
    assert hash_email(person.email) not in found, "whoever reads it could try addresses against it"
    assert "us_" not in found


async def test_with_a_new_key_in_front_it_is_the_same_mail_and_still_goes(office: Office) -> None:
    person = await office.person()
    await office.hear()
    owed = await office.mails()
    settings = copy.copy(office.house.services.engines.settings)
    old = settings.security.secret_keys.get_secret_value()
    both = SecretStr(f"7:{'n' * 40},{old}")
    settings.security = settings.security.model_copy(update={"secret_keys": both})
    after = build(settings)
    try:
        for envelope in await heard(office):
            await after.notifications.listener.heard(envelope)
        assert await office.mails() == owed
        assert await after.notifications.post.sweep(10) == 1
    finally:
        await after.close()
    assert len(person.letters()) == 1


async def heard(office: Office) -> list[Envelope]:
    """All messages there ever were, as a second subscriber gets them."""
    found = await office.bus.read(f"again {ULID()}", "test", ("accounts",), count=10_000, block=0)
    return [envelope for _, envelope in found]


class Counting:
    def __init__(self) -> None:
        self.count = 0

    async def send(self, letter: Letter) -> str | None:
        self.count += 1
        return None


async def write(mail: Mail) -> Letter:
    return Letter(new_id("mail"), "ada@example.com", "Hi", "Hi", "Hi")
