"""Sign-up, sign-in, sign-out, and what they tell a stranger."""

from __future__ import annotations

import asyncio

import pytest

from app.accounts.errors import SessionEnded
from tests.accounts.house import PASSWORD, House


async def test_sign_up_answers_the_user_and_both_tokens(house: House) -> None:
    person = house.person()
    response = await person.sign_up(phone="+491701234567", recaptcha_token="unasked")
    assert response.status_code == 201
    body = response.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    assert body["user"]["email"] == person.email
    assert body["user"]["role"] == "customer"
    assert "password" not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert int(response.headers["ratelimit-remaining"]) == 199
    assert (await person.ask("/api/v1/me")).json() == body["user"]


async def test_one_mailbox_has_one_account_however_it_is_spelt(house: House) -> None:
    person = await house.customer()
    again = await house.person(email=person.email.upper()).sign_up()
    assert again.status_code == 409
    assert again.json()["code"] == "email_taken"
    shouting = house.person(email=f"  {person.email.upper()} ")
    assert (await shouting.sign_in()).json()["user"]["id"] == person.id


async def test_twenty_sign_ups_at_once_make_one_account(house: House) -> None:
    people = [house.person(email="same@example.com") for _ in range(20)]
    answers = await asyncio.gather(*(person.sign_up() for person in people))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await house.database["users"].count_documents({}) == 1


async def test_unknown_account_and_wrong_password_look_the_same(house: House) -> None:
    known = await house.customer()
    wrong = await known.elsewhere().sign_in("not the password")
    unknown = await house.person().sign_in("not the password")
    assert wrong.status_code == unknown.status_code == 401
    without_id = [{**answer.json(), "request_id": ""} for answer in (wrong, unknown)]
    assert without_id[0] == without_id[1]
    assert wrong.headers["ratelimit-remaining"] == unknown.headers["ratelimit-remaining"] == "9"


async def test_an_account_without_a_password_cannot_be_entered_by_one(house: House) -> None:
    person = await house.customer()
    await house.database["users"].update_one({"_id": person.id}, {"$set": {"password": None}})
    assert (await person.sign_in()).json()["code"] == "wrong_credentials"


async def test_neither_passwords_nor_tokens_lie_in_the_database(house: House) -> None:
    person = await house.customer()
    await person.call(
        "POST",
        "/api/v1/auth/signin",
        {"email": person.email, "password": PASSWORD},
        headers={"Idempotency-Key": "k"},
    )
    found = []
    for name in await house.database.list_collection_names():
        found += await house.database[name].find({}).to_list(None)
    everything = repr(found)
    assert "$argon2id$" in everything
    for secret in (PASSWORD, person.tokens["refresh_token"], person.tokens["refresh_token"].split(".")[0]):
        assert secret not in everything


async def test_sign_out_ends_the_session_at_once_and_only_it(house: House) -> None:
    person = await house.customer()
    other_device = person.elsewhere()
    await other_device.sign_in()
    assert (await person.do("POST", "/api/v1/auth/signout")).status_code == 204
    assert (await person.ask("/api/v1/me")).json()["code"] == "session_ended"
    assert (await person.refresh()).json()["code"] == "session_ended"
    assert (await other_device.ask("/api/v1/me")).status_code == 200


async def test_sign_out_may_be_repeated_and_needs_no_live_access_token(house: House) -> None:
    person = await house.customer()
    for _ in range(2):
        assert (await person.do("POST", "/api/v1/auth/signout")).status_code == 204
    person = await house.customer()
    body = {"refresh_token": person.tokens["refresh_token"]}
    assert (await person.call("POST", "/api/v1/auth/signout", body)).status_code == 204
    assert (await person.ask("/api/v1/me")).status_code == 401


async def test_sign_out_of_nobody_is_refused(house: House) -> None:
    person = house.person()
    assert (await person.call("POST", "/api/v1/auth/signout")).status_code == 401
    forged = {"refresh_token": "us_" + "A" * 43 + ".ses_01ARZ3NDEKTSV4RRFFQ69G5FAV.1.1"}
    assert (await person.call("POST", "/api/v1/auth/signout", forged)).status_code == 401


async def test_a_sign_in_that_a_password_change_overtook_opens_nothing(house: House) -> None:
    """The old password was right when it was looked at; by the time of the answer it is not."""
    person = await house.customer()
    before = await house.users.by_email(person.email)
    assert before is not None
    await person.do(
        "POST", "/api/v1/me/password", {"current_password": PASSWORD, "new_password": "another long walk"}
    )
    with pytest.raises(SessionEnded):
        await house.session_service.open(before, "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert house.revocations.is_revoked("ses_01ARZ3NDEKTSV4RRFFQ69G5FAV", None)


async def test_the_admin_is_made_once_and_never_touched_again(house: House) -> None:
    assert await house.accounts.ensure_admin("Root@usher.local", "first of all passwords")
    assert not await house.accounts.ensure_admin("root@usher.local", "second of all passwords")
    admin = house.person(email="root@usher.local")
    assert (await admin.sign_in("second of all passwords")).status_code == 401
    assert (await admin.sign_in("first of all passwords")).json()["user"]["role"] == "admin"


async def test_admins_made_by_two_processes_at_once_are_one(house: House) -> None:
    made = await asyncio.gather(*(house.accounts.ensure_admin("two@usher.local", PASSWORD) for _ in range(5)))
    assert made.count(True) == 1


async def test_find_contact(house: House) -> None:
    person = await house.customer()
    contact = await house.accounts.find_contact(person.id)
    assert (contact.name, contact.email, contact.phone) == ("Ada", person.email, None)
