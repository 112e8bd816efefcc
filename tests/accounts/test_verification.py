"""Verifying an address by a link: it works once, and only the newest one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.core.mongo import Database
from app.core.redis import Client
from tests.accounts.house import Person
from tests.accounts.mail_house import MailHouse, verify

ASK = "/api/v1/me/verification"


@pytest.fixture
async def house(database: Database, redis: Client) -> AsyncIterator[MailHouse]:
    house = MailHouse(database, redis)
    await house.prepare()
    yield house
    house.stop()


async def verified(person: Person) -> bool:
    return bool((await person.ask("/api/v1/me")).json()["email_verified"])


async def test_sign_up_asks_for_one_mail_and_does_not_wait_for_it(
    house: MailHouse,
) -> None:
    person = await house.customer()
    assert [entry["data"] for entry in await house.told("user.signed_up")] == [{"user_id": person.id}]
    assert person.tokens["user"]["email_verified"] is False
    assert (await person.do("PATCH", "/api/v1/me", {"name": "Grace"})).status_code == 200


async def test_a_link_works_once(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    stranger = house.person()  # Whoever reads the mail need not be signed in.
    assert await verify(stranger, secret) == 204
    assert await verified(person)
    assert await verify(stranger, secret) == 410
    assert await verified(person)


async def test_ten_at_once_follow_it_once(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    answers = await asyncio.gather(*(verify(house.person(), secret) for _ in range(10)))
    assert sorted(answers) == [204] + [410] * 9


async def test_the_same_request_again_is_a_replay(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    for _ in range(2):
        assert await verify(person, secret, **{"Idempotency-Key": "once"}) == 204


async def test_asking_again_revokes_the_link_before(house: MailHouse) -> None:
    person = await house.customer()
    first = await house.verification_secret(person)
    assert (await person.do("POST", ASK)).status_code == 204
    second = await house.verification_secret(person)
    assert await verify(person, first) == 410
    assert await verify(person, second) == 204
    assert [entry["data"]["n"] for entry in await house.told("user.verification_asked")] == [2]
    assert (await person.do("POST", ASK)).json()["code"] == "already_verified"


async def test_asking_with_a_key_mails_once(house: MailHouse) -> None:
    person = await house.customer()
    for _ in range(3):
        answer = await person.do("POST", ASK, headers={"Idempotency-Key": "again"})
        assert answer.status_code == 204
    assert answer.headers["idempotency-replayed"] == "true"
    assert len(await house.told("user.verification_asked")) == 1


async def test_it_expires(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    house.clock.advance(timedelta(days=7))
    assert await verify(person, secret) == 410
    user = await house.users.get(person.id)
    assert user is not None
    assert await house.verification.mailing(person.id, 1) is None


@pytest.mark.parametrize(
    "forge",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret + "1",
        lambda secret: secret.replace("us_", "us_A", 1)[: len(secret)],
        lambda secret: secret.swapcase(),
        lambda secret: secret.split(".")[0],
        lambda secret: ".".join([*secret.split(".")[:-1], "2"]),
        lambda secret: ".".join([secret.split(".")[0], "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", "2", "1"]),
        lambda secret: secret.replace(".", "\n.", 1),
    ],
)
async def test_forged_links_are_refused(house: MailHouse, forge: object) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    assert callable(forge)
    assert await verify(person, forge(secret)) in (410, 422)
    assert not await verified(person)


async def test_forged_links_use_up_nothing_of_others_at_the_address(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    assert {await verify(person, "us_forged") for _ in range(60)} == {410}
    assert (await person.do("POST", ASK)).status_code == 204
    assert await verify(person, secret) == 410, "a newer one was asked for"
    assert await verify(person, await house.verification_secret(person)) == 204


async def test_links_of_ours_are_followed_so_often_from_one_address(house: MailHouse) -> None:
    person = await house.customer()
    secret = await house.verification_secret(person)
    answers = [await verify(person, secret) for _ in range(51)]
    assert answers == [204] + [410] * 49 + [429]


async def test_a_reset_link_verifies_nothing_and_the_other_way_round(house: MailHouse) -> None:
    person = await house.customer()
    assert await verify(person, await house.reset_secret(person)) == 410
    body = {"secret": await house.verification_secret(person), "password": "a new long password"}
    assert (await person.call("POST", "/api/v1/auth/password/reset", body)).status_code == 410


async def test_a_disabled_account_gets_no_mail_and_its_links_die(house: MailHouse) -> None:
    person, admin = await house.customer(), await house.admin()
    secret = await house.verification_secret(person)
    await admin.do("PATCH", f"/api/v1/users/{person.id}", {"disabled": True})
    assert await house.verification.mailing(person.id, 1) is None
    assert await verify(person, secret) == 410


async def test_one_mailbox_is_not_flooded(house: MailHouse) -> None:
    person = await house.customer()
    answers = [await person.do("POST", ASK) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [204] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 60
    assert len(await house.told("user.verification_asked")) == 5


async def test_no_secret_lies_in_the_database(house: MailHouse) -> None:
    person = await house.customer()
    secrets = [await house.verification_secret(person), await house.reset_secret(person)]
    found = []
    for name in await house.database.list_collection_names():
        found += await house.database[name].find({}).to_list(None)
    for secret in secrets:
        assert secret.split(".")[0] not in repr(found)
