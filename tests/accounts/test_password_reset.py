"""A forgotten password: the same answer for everybody, one new password for whoever reads the mail."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pymongo import monitoring
from ulid import ULID

from app.accounts.links import LinkSecrets
from app.accounts.models import Link
from app.core.ids import new_id
from app.core.mongo import Database, MongoConnection
from app.core.redis import Client, connect
from tests.accounts.house import PASSWORD
from tests.accounts.mail_house import MailHouse, reset

NEW = "an even longer walk home"


@pytest.fixture
async def house(database: Database, redis: Client) -> AsyncIterator[MailHouse]:
    house = MailHouse(database, redis)
    await house.prepare()
    yield house
    house.stop()


class Asked(monitoring.CommandListener):
    """Every command sent to MongoDB, with its shape."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        collection = event.command.get(event.command_name)
        self.commands.append(f"{event.command_name} {collection}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def test_a_link_sets_a_password_once_and_ends_all_sessions(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.reset_secret(person)
    stranger = house.person()
    assert await reset(stranger, secret, NEW) == 204
    assert (await person.ask("/api/v1/me")).json()["code"] == "session_ended"
    assert (await person.refresh()).json()["code"] == "session_ended"
    assert (await person.sign_in(PASSWORD)).status_code == 401
    assert (await person.sign_in(NEW)).json()["user"]["email_verified"] is True
    assert await house.database["users"].count_documents({"_id": person.id, "password_proven": True}) == 1
    assert await reset(stranger, secret, "yet another password") == 410
    assert (await person.sign_in(NEW)).status_code == 200
    assert [entry["data"] for entry in await house.told("user.password_changed")] == [{"user_id": person.id}]


async def test_ten_at_once_set_one_password(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.reset_secret(person)
    tried = [f"{NEW} {n}" for n in range(10)]
    answers = await asyncio.gather(*(reset(house.person(), secret, password) for password in tried))
    assert Counter(answers) == {204: 1, 410: 9}
    [won] = [password for password, answer in zip(tried, answers, strict=True) if answer == 204]
    assert (await person.sign_in(won)).status_code == 200


async def test_the_same_request_again_is_a_replay(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.reset_secret(person)
    for _ in range(2):
        assert await reset(person, secret, NEW, **{"Idempotency-Key": "once"}) == 204
    assert await reset(person, secret, "another password", **{"Idempotency-Key": "once"}) == 422


async def test_a_weak_password_uses_nothing_up(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.reset_secret(person)
    for weak in ("password", "short", person.email):
        assert await reset(person, secret, weak) == 422
    assert await reset(person, secret, NEW) == 204


async def test_only_the_newest_link_works(house: MailHouse) -> None:
    person = await house.customer()
    first, second = await house.reset_secret(person), await house.reset_secret(person)
    assert await reset(person, first, NEW) == 410
    assert await reset(person, second, NEW) == 204


async def test_a_request_heard_twice_opens_one_link(house: MailHouse) -> None:
    person = await house.customer()
    await house.forgot(person)
    [entry] = await house.told("password.forgotten")
    users = await asyncio.gather(*(house.resets.answer(entry["key"]) for _ in range(5)))
    assert {user.reset.n for user in users if user and user.reset} == {1}


async def test_it_expires_and_a_changed_password_revokes_it(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.reset_secret(person)
    changed = await person.do(
        "POST", "/api/v1/me/password", {"current_password": PASSWORD, "new_password": NEW}
    )
    assert changed.status_code == 200
    assert await reset(person, secret, "yet another password") == 410
    secret = await house.reset_secret(person)
    house.clock.advance(timedelta(hours=1))
    assert await reset(person, secret, "yet another password") == 410


async def test_a_disabled_account_gets_no_link_and_its_old_one_dies(house: MailHouse) -> None:
    person, admin = await house.customer(), await house.admin()
    secret = await house.reset_secret(person)
    await admin.do("PATCH", f"/api/v1/users/{person.id}", {"disabled": True})
    assert await reset(person, secret, NEW) == 410
    assert await house.forgot(person) == 204
    [entry] = await house.told("password.forgotten")
    assert await house.resets.answer(entry["key"]) is None


async def test_known_and_unknown_addresses_get_the_same_answer(house: MailHouse) -> None:
    known, unknown = await house.customer(), house.person()
    answers = []
    for person in (known, unknown):
        body = {"email": person.email}
        answer = await person.call("POST", "/api/v1/auth/password/forgot", body)
        answers.append((answer.status_code, answer.content, sorted(answer.headers.items())))
    assert answers[0] == answers[1]
    for person in (known, unknown):
        told = [await house.forgot(person) for _ in range(6)]
        assert told == [204] * 4 + [429] * 2, "counted for both alike"


async def test_asking_looks_nobody_up(mongo_url: str, redis_url: str) -> None:
    """What the time an answer takes could tell, it cannot: the same commands are sent for both."""
    asked = Asked()
    mongo = MongoConnection(mongo_url, f"test_{ULID()}".lower(), listeners=[asked])
    redis = connect(redis_url)
    house = MailHouse(mongo.database, redis)
    await house.prepare()
    sent = []
    for person in (await house.customer(), house.person()):
        asked.commands.clear()
        assert await house.forgot(person) == 204
        sent.append(list(asked.commands))
    await house.users.by_email("nobody@example.com")
    assert asked.commands[-1] == "find users", "a look-up would be seen"
    house.stop()
    await redis.aclose()
    await mongo.database.client.drop_database(mongo.database)
    await mongo.close()
    assert sent[0] == sent[1] == ["insert password_requests"]


async def test_the_request_holds_no_readable_address_and_goes_when_answered(house: MailHouse) -> None:
    person = await house.customer()
    await house.forgot(person)
    found = await house.database["password_requests"].find({}).to_list(None)
    assert person.email not in repr(found)
    await house.answered()
    assert await house.database["password_requests"].count_documents({}) == 0


async def test_an_account_without_a_password_gets_one(house: MailHouse) -> None:
    """Whoever signed up with Google may choose to have a password too."""
    person = await house.customer()
    await house.database["users"].update_one({"_id": person.id}, {"$set": {"password": None}})
    assert await reset(person, await house.reset_secret(person), NEW) == 204
    assert (await person.sign_in(NEW)).status_code == 200


async def test_without_redis_it_closes(database: Database) -> None:
    redis = connect("redis://127.0.0.1:1", timeout_ms=200)
    house = MailHouse(database, redis)
    await house.prepare()
    assert await house.forgot(house.person()) == 503
    good = LinkSecrets(house.ring).write("reset", new_id("usr"), Link(1, house.ring.newest))
    assert await reset(house.person(), good, NEW) == 503
    assert await reset(house.person(), "us_x", NEW) == 410, "forged, whoever is away"
    house.stop()
    await redis.aclose()
