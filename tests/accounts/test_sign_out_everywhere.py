"""Signing out of all devices at once."""

from __future__ import annotations

from tests.accounts.house import House, Person

EVERYWHERE = {"everywhere": True}


async def two_devices(house: House) -> tuple[Person, Person]:
    person = await house.customer()
    other = person.elsewhere()
    await other.sign_in()
    return person, other


async def test_it_ends_every_sign_in_at_once(house: House) -> None:
    person, other = await two_devices(house)
    stranger = await house.customer()
    assert (await person.do("POST", "/api/v1/auth/signout", EVERYWHERE)).status_code == 204
    for one in (person, other):
        assert (await one.ask("/signed-in")).json()["code"] == "session_ended"
        assert (await one.refresh()).json()["code"] == "session_ended"
    assert (await stranger.ask("/signed-in")).status_code == 200
    assert (await person.sign_in()).status_code == 200


async def test_a_refresh_token_is_enough(house: House) -> None:
    person, other = await two_devices(house)
    body = EVERYWHERE | {"refresh_token": other.tokens["refresh_token"]}
    assert (await other.call("POST", "/api/v1/auth/signout", body)).status_code == 204
    assert (await person.ask("/signed-in")).status_code == 401
    assert (await person.refresh()).status_code == 401


async def test_repeated_it_changes_nothing_and_leaves_newer_sign_ins_alone(house: House) -> None:
    person, other = await two_devices(house)
    await person.do("POST", "/api/v1/auth/signout", EVERYWHERE)
    newer = person.elsewhere()
    await newer.sign_in()
    assert (await person.do("POST", "/api/v1/auth/signout", EVERYWHERE)).status_code == 204
    assert (await other.do("POST", "/api/v1/auth/signout", EVERYWHERE)).status_code == 204
    assert (await newer.ask("/signed-in")).status_code == 200
    assert (await newer.refresh()).status_code == 200


async def test_repeated_after_a_crash_it_ends_what_was_left(house: House) -> None:
    """The account's generation was written, its sessions were not."""
    person, other = await two_devices(house)
    assert await house.users.end_sessions(person.id, house.clock.now()) is not None
    assert (await other.refresh()).status_code == 401
    assert (await person.do("POST", "/api/v1/auth/signout", EVERYWHERE)).status_code == 204
    assert (await other.ask("/signed-in")).status_code == 401


async def test_a_session_that_has_ended_cannot_end_the_others(house: House) -> None:
    person, other = await two_devices(house)
    await person.do("POST", "/api/v1/auth/signout")
    refused = await person.do("POST", "/api/v1/auth/signout", EVERYWHERE)
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert (await other.ask("/signed-in")).status_code == 200


async def test_nobody_signs_nobody_out(house: House) -> None:
    stranger = house.person()
    assert (await stranger.call("POST", "/api/v1/auth/signout", EVERYWHERE)).status_code == 401
    forged = EVERYWHERE | {"refresh_token": "us_" + "A" * 43 + ".ses_01ARZ3NDEKTSV4RRFFQ69G5FAV.1.1"}
    assert (await stranger.call("POST", "/api/v1/auth/signout", forged)).status_code == 401
