"""Rotation, grace, reuse."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.accounts.house import House, Person


async def rotated(person: Person, token: str) -> str:
    response = await person.refresh(token)
    assert response.status_code == 200, response.text
    return str(response.json()["refresh_token"])


async def test_refreshing_gives_new_tokens_for_the_same_session(house: House) -> None:
    person = await house.customer()
    response = await person.refresh()
    body = response.json()
    assert response.status_code == 200
    assert body["user"]["id"] == person.id
    assert body["refresh_token"] != person.tokens["refresh_token"]
    assert (await person.call("GET", "/signed-in", bearer=body["access_token"])).status_code == 200
    assert await house.database["sessions"].count_documents({}) == 1


async def test_within_the_grace_the_same_successor(house: House) -> None:
    person = await house.customer()
    first = person.tokens["refresh_token"]
    second = await rotated(person, first)
    house.clock.advance(timedelta(seconds=9.9))
    assert await rotated(person, first) == second
    assert await rotated(person, second) != second


async def test_thirty_tabs_at_once_get_one_successor(house: House) -> None:
    person = await house.customer()
    token = person.tokens["refresh_token"]
    answers = await asyncio.gather(*(person.refresh(token) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    session = await house.database["sessions"].find_one({})
    assert session is not None
    assert session["n"] == 2


async def test_reuse_after_the_grace_ends_the_sign_in(house: House) -> None:
    person = await house.customer()
    first = person.tokens["refresh_token"]
    second = await rotated(person, first)
    house.clock.advance(timedelta(seconds=10.1))
    assert (await person.refresh(first)).json()["code"] == "refresh_reused"
    assert (await person.refresh(second)).json()["code"] == "session_ended"
    assert (await person.ask("/signed-in")).json()["code"] == "session_ended"


async def test_a_token_two_generations_old_is_reuse_even_within_the_grace(house: House) -> None:
    person = await house.customer()
    first = person.tokens["refresh_token"]
    await rotated(person, await rotated(person, first))
    assert (await person.refresh(first)).json()["code"] == "refresh_reused"


async def test_reuse_raced_by_the_owner_leaves_nobody_inside(house: House) -> None:
    person = await house.customer()
    first = person.tokens["refresh_token"]
    second = await rotated(person, first)
    house.clock.advance(timedelta(seconds=11))
    answers = await asyncio.gather(*(person.refresh(token) for token in [first, second] * 10))
    assert 401 in {answer.status_code for answer in answers}
    newest = [answer.json()["refresh_token"] for answer in answers if answer.is_success]
    for token in {second, *newest}:
        assert (await person.refresh(token)).status_code == 401


async def test_reuse_of_one_sign_in_leaves_the_others(house: House) -> None:
    person = await house.customer()
    other = person.elsewhere()
    await other.sign_in()
    first = person.tokens["refresh_token"]
    await rotated(person, first)
    house.clock.advance(timedelta(seconds=11))
    await person.refresh(first)
    assert (await other.refresh()).status_code == 200


async def test_a_refresh_token_expires_and_refreshing_puts_it_off(house: House) -> None:
    person = await house.customer()
    house.clock.advance(timedelta(days=29))
    token = await rotated(person, person.tokens["refresh_token"])
    house.clock.advance(timedelta(days=29))
    token = await rotated(person, token)
    house.clock.advance(timedelta(days=31))
    assert (await person.refresh(token)).json()["code"] == "session_ended"


async def test_forged_tokens(house: House) -> None:
    person = await house.customer()
    secret, session, version, n = person.tokens["refresh_token"].split(".")
    forged = [
        f"{secret}.{session}.{version}.{int(n) + 1}",
        f"{secret}.{session}.1.{n}",
        f"{secret}.{session}.99.{n}",
        f"us_{'A' * 43}.{session}.{version}.{n}",
        f"{secret}.ses_01ARZ3NDEKTSV4RRFFQ69G5FAV.{version}.{n}",
        secret,
        "x",
    ]
    for token in forged:
        assert (await person.refresh(token)).json()["code"] == "invalid_token"
    assert (await person.refresh()).status_code == 200
