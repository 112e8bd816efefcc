"""A request repeated with its key happens once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.accounts.house import PASSWORD, House, Person


async def keyed(person: Person, method: str, path: str, body: Any, key: str = "key-1") -> httpx.Response:
    bearer = person.tokens.get("access_token")
    return await person.call(method, path, body, bearer=bearer, headers={"Idempotency-Key": key})


def sign_up_body(person: Person) -> dict[str, str]:
    return {"email": person.email, "password": PASSWORD, "name": "Ada"}


async def test_a_repeated_sign_up_is_the_same_user_and_session(house: House) -> None:
    person = house.person()
    body = sign_up_body(person)
    first = await keyed(person, "POST", "/api/v1/auth/signup", body)
    again = await keyed(person, "POST", "/api/v1/auth/signup", body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["user"] == first.json()["user"]
    assert again.json()["refresh_token"] == first.json()["refresh_token"]
    other = await keyed(person, "POST", "/api/v1/auth/signup", body | {"name": "Eve"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_fifty_sign_ups_with_one_key_make_one_account(house: House) -> None:
    person = house.person()
    body = sign_up_body(person)
    answers = await asyncio.gather(*(keyed(person, "POST", "/api/v1/auth/signup", body) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["user"]["id"] for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"key_in_progress"}
    assert await house.database["users"].count_documents({}) == 1
    assert await house.database["sessions"].count_documents({}) == 1


async def test_a_sign_up_that_died_before_its_session_finds_itself_again(house: House) -> None:
    """As after a kill between the account and its session: the record stands, its lease has run out."""
    person = house.person()
    body = sign_up_body(person)
    first = await keyed(person, "POST", "/api/v1/auth/signup", body)
    await house.database["sessions"].delete_many({})
    await house.database["idempotency_keys"].update_many(
        {}, {"$set": {"done": False, "lease": house.clock.now()}}
    )
    again = await keyed(person, "POST", "/api/v1/auth/signup", body)
    assert again.status_code == 201
    assert again.json()["user"]["id"] == first.json()["user"]["id"]


async def test_a_replay_opens_no_session_anew(house: House) -> None:
    person = await house.customer()
    body = {"email": person.email, "password": PASSWORD}
    first = await keyed(Person(house, person.email, person.address), "POST", "/api/v1/auth/signin", body)
    signed_in = Person(house, person.email, person.address, first.json())
    await signed_in.do("POST", "/api/v1/auth/signout")
    again = await keyed(Person(house, person.email, person.address), "POST", "/api/v1/auth/signin", body)
    assert again.json()["code"] == "session_ended"


async def test_a_failed_sign_in_is_not_remembered(house: House) -> None:
    person = await house.customer()
    guest = Person(house, person.email, person.address)
    wrong = {"email": person.email, "password": "wrong guess"}
    right = {"email": person.email, "password": PASSWORD}
    assert (await keyed(guest, "POST", "/api/v1/auth/signin", wrong)).status_code == 401
    assert (await keyed(guest, "POST", "/api/v1/auth/signin", right)).status_code == 200


async def test_a_repeated_password_change_succeeds_though_the_old_one_is_gone(house: House) -> None:
    person = await house.customer()
    body = {"current_password": PASSWORD, "new_password": "another long walk"}
    first = await keyed(person, "POST", "/api/v1/me/password", body)
    again = await keyed(person, "POST", "/api/v1/me/password", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    await house.database["idempotency_keys"].update_many(
        {}, {"$set": {"done": False, "lease": house.clock.now()}}
    )
    assert (await keyed(person, "POST", "/api/v1/me/password", body)).status_code == 200


async def test_repeated_changes_count_once(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    for _ in range(2):
        profile = await keyed(person, "PATCH", "/api/v1/me", {"name": "Grace"})
        assert profile.json()["version"] == 2
    change = {"role": "staff", "version": 2}
    for _ in range(2):
        answer = await keyed(admin, "PATCH", f"/api/v1/users/{person.id}", change)
        assert (answer.status_code, answer.json()["version"]) == (200, 3)


async def test_keys_of_two_people_and_two_paths_do_not_meet(house: House) -> None:
    for _ in range(2):
        person = await house.customer()
        answer = await keyed(person, "PATCH", "/api/v1/me", {"name": "Grace"})
        assert "idempotency-replayed" not in answer.headers


async def test_a_key_may_not_be_endless(house: House) -> None:
    person = await house.customer()
    for key in (b"x" * 256, b"a b", b"\xe9"):
        response = await person.do("PATCH", "/api/v1/me", {"name": "G"}, headers={"Idempotency-Key": key})
        assert response.status_code == 422
