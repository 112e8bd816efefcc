"""Sign-in with Google: whose account it is."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from ulid import ULID

from app.accounts.repository import UserRepository
from tests.accounts.identity.issuer import Issuer
from tests.e2e.conftest import PASSWORD, House, bearer

PATH = "/api/v1/auth/google"


def somebody() -> dict[str, Any]:
    """Claims of a person nobody has seen before."""
    name = str(ULID()).lower()
    return {"sub": name, "email": f"{name}@example.com"}


async def sign_in(house: House, id_token: str, **headers: str) -> httpx.Response:
    return await house.client.post(PATH, json={"id_token": id_token}, headers=headers)


async def sign_up(house: House, email: str) -> Any:
    body = {"email": email, "password": PASSWORD, "name": "Ada"}
    return (await house.client.post("/api/v1/auth/signup", json=body)).json()


async def by_password(house: House, email: str, password: str = PASSWORD) -> httpx.Response:
    body = {"email": email, "password": password}
    return await house.client.post("/api/v1/auth/signin", json=body)


async def me(house: House, token: str) -> httpx.Response:
    return await house.client.get("/api/v1/me", headers=bearer(token))


async def test_the_first_time_makes_an_account_and_the_next_finds_it(google: House, issuer: Issuer) -> None:
    ada = somebody()
    first = await sign_in(google, issuer.token(**ada))
    assert first.status_code == 200, first.text
    user = first.json()["user"]
    assert (user["email"], user["name"], user["role"]) == (ada["email"], "Ada Lovelace", "customer")
    assert user["email_verified"] is True
    assert (await me(google, first.json()["access_token"])).json()["id"] == user["id"]
    moved = issuer.token(sub=ada["sub"], email="ada@elsewhere.example", name="Countess")
    again = await sign_in(google, moved)
    assert again.json()["user"] == user, "who it is at Google decides, not the address of the day"


async def test_a_domain_that_only_looks_the_same_in_capitals_is_somebody_else(
    google: House, issuer: Issuer
) -> None:
    """``faß`` and ``fass`` are two domains, whose owners differ; both in capitals are ``FASS``."""
    name = str(ULID()).lower()
    owner = await sign_up(google, f"ada@fass-{name}.example.com")
    other = await sign_in(google, issuer.token(sub=name, email=f"ada@faß-{name}.example.com"))
    assert other.status_code == 200, other.text
    assert other.json()["user"]["id"] != owner["user"]["id"]
    assert other.json()["user"]["email"] == f"ada@faß-{name}.example.com", "mail goes where it is read"


@pytest.mark.parametrize("name", [None, "", " ", "a\nb", "\u202eadA", "x" * 201, 5])
async def test_a_name_that_is_none_is_made_of_the_address(google: House, issuer: Issuer, name: Any) -> None:
    ada = somebody()
    answer = await sign_in(google, issuer.token(**ada, name=name))
    assert answer.json()["user"]["name"] == ada["sub"]


async def test_one_without_a_password_cannot_sign_in_by_one(google: House, issuer: Issuer) -> None:
    ada = somebody()
    await sign_in(google, issuer.token(**ada))
    for password in (" ", "None", "null", PASSWORD):
        assert (await by_password(google, ada["email"], password)).json()["code"] == "wrong_credentials"


async def test_an_account_whose_password_came_by_mail_is_linked_and_keeps_it(
    google: House, issuer: Issuer
) -> None:
    ada = somebody()
    known = await sign_up(google, ada["email"])
    await verify(google, known["user"]["id"], password_proven=True)
    answer = await sign_in(google, issuer.token(sub=ada["sub"], email=ada["email"].upper()))
    assert answer.json()["user"]["id"] == known["user"]["id"]
    assert (await by_password(google, ada["email"])).status_code == 200
    assert (await me(google, known["access_token"])).status_code == 200


@pytest.mark.parametrize("owner_followed_the_link", [False, True])
async def test_whoever_squatted_on_an_address_loses_the_account(
    google: House, issuer: Issuer, owner_followed_the_link: bool
) -> None:
    """They signed up with an address that was not theirs and wait for its owner to come by Google."""
    ada = somebody()
    squatter = await sign_up(google, ada["email"])
    if owner_followed_the_link:
        await verify(google, squatter["user"]["id"])
    owner = await sign_in(google, issuer.token(**ada))
    assert owner.json()["user"]["id"] == squatter["user"]["id"]
    assert (await me(google, squatter["access_token"])).json()["code"] == "session_ended"
    assert (await by_password(google, ada["email"])).status_code == 401
    refresh = {"refresh_token": squatter["refresh_token"]}
    assert (await google.client.post("/api/v1/auth/refresh", json=refresh)).status_code == 401
    assert (await me(google, owner.json()["access_token"])).status_code == 200


@pytest.mark.parametrize("hd", [None, "", 1, True, ["example.com"]])
async def test_of_a_mailbox_elsewhere_google_cannot_say_whose_it_is(
    google: House, issuer: Issuer, hd: Any
) -> None:
    """It was read once, perhaps before the address changed hands; ``hd`` says that Google runs it."""
    ada = somebody()
    known = await sign_up(google, ada["email"])
    refused = await sign_in(google, issuer.token(**ada, hd=hd))
    assert (refused.status_code, refused.json()["code"]) == (409, "google_cannot_vouch")
    assert (await by_password(google, ada["email"])).status_code == 200, "nothing happened to the account"
    assert (await me(google, known["access_token"])).status_code == 200


@pytest.mark.parametrize("domain", ["gmail.com", "GoogleMail.com"])
async def test_its_own_mailboxes_need_no_more(google: House, issuer: Issuer, domain: str) -> None:
    name = somebody()["sub"]
    ada = {"sub": name, "email": f"{name}@{domain}"}
    known = await sign_up(google, ada["email"])
    answer = await sign_in(google, issuer.token(**ada, hd=None))
    assert answer.json()["user"]["id"] == known["user"]["id"]
    for lookalike in (f"{name}@notgmail.com", f"{name}@gmail.com.example.com"):
        other = somebody() | {"email": lookalike}
        assert (await sign_in(google, issuer.token(**other, hd=None))).json()["user"][
            "email_verified"
        ] is False


async def test_a_new_account_with_a_mailbox_elsewhere_is_verified_by_our_own_mail(
    google: House, issuer: Issuer
) -> None:
    ada = somebody()
    token = issuer.token(**ada, hd=None)
    first = (await sign_in(google, token)).json()
    assert first["user"]["email_verified"] is False
    found = await google.services.engines.mongo.database["users"].find_one({"_id": first["user"]["id"]})
    assert found
    assert [told["type"] for told in found["outbox"]] == ["user.signed_up"], "whose listener mails the link"
    again = (await sign_in(google, token)).json()
    assert again["user"]["id"] == first["user"]["id"], "who it is at Google is known by now"


async def test_whoever_reads_the_mail_gets_the_account_from_google_s_stranger(
    google: House, issuer: Issuer
) -> None:
    """The stranger's Google account names an address that is not theirs any more."""
    ada = somebody()
    token = issuer.token(**ada, hd=None)
    stranger = (await sign_in(google, token)).json()
    hosted = await sign_in(google, issuer.token(sub=somebody()["sub"], email=ada["email"]))
    assert hosted.json()["code"] == "google_linked"
    users, now = UserRepository(google.services.engines.mongo.database), google.services.engines.clock.now()
    user = await users.get(stranger["user"]["id"])
    assert user is not None
    assert await users.reset_password(user, "a hash", now, "chg_x", []) is not None
    await google.services.accounts.revocations.refresh()
    assert (await me(google, stranger["access_token"])).status_code == 401
    refused = await sign_in(google, token)
    assert (refused.status_code, refused.json()["code"]) == (409, "google_cannot_vouch")


async def test_an_address_google_has_not_verified_opens_nothing(google: House, issuer: Issuer) -> None:
    ada = somebody()
    await sign_up(google, ada["email"])
    answer = await sign_in(google, issuer.token(**ada, email_verified=False))
    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")
    assert (await by_password(google, ada["email"])).status_code == 200, "nothing happened to the account"


async def test_an_address_that_changed_hands_does_not_take_the_account_along(
    google: House, issuer: Issuer
) -> None:
    ada = somebody()
    await sign_in(google, issuer.token(**ada))
    other = await sign_in(google, issuer.token(**{**ada, "sub": somebody()["sub"]}))
    assert (other.status_code, other.json()["code"]) == (409, "google_linked")


async def test_a_disabled_account_stays_disabled(google: House, issuer: Issuer) -> None:
    ada, grace = somebody(), somebody()
    linked = (await sign_in(google, issuer.token(**ada))).json()["user"]
    unlinked = (await sign_up(google, grace["email"]))["user"]
    admin = bearer(await google.token("admin"))
    for user, claims in ((linked, ada), (unlinked, grace)):
        await google.client.patch(f"/api/v1/users/{user['id']}", json={"disabled": True}, headers=admin)
        answer = await sign_in(google, issuer.token(**claims))
        assert (answer.status_code, answer.json()["code"]) == (403, "account_disabled")


async def test_twenty_at_once_are_one_account(google: House, issuer: Issuer) -> None:
    ada = somebody()
    answers = await asyncio.gather(*(sign_in(google, issuer.token(**ada)) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1


async def test_a_repeated_request_is_the_same_session(google: House, issuer: Issuer) -> None:
    token = issuer.token(**somebody())
    first = await sign_in(google, token, **{"Idempotency-Key": "g1"})
    again = await sign_in(google, token, **{"Idempotency-Key": "g1"})
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["refresh_token"] == first.json()["refresh_token"]


async def test_our_tokens_are_none_of_google_s_and_the_other_way_round(google: House, issuer: Issuer) -> None:
    token = issuer.token(**somebody())
    ours = (await sign_in(google, token)).json()["access_token"]
    refused = await sign_in(google, ours)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_id_token")
    assert ours not in refused.text
    assert (await me(google, token)).status_code == 401


@pytest.mark.parametrize("body", [{}, {"id_token": 1}, {"id_token": None}, {"id_token": ""}, {"token": "x"}])
async def test_the_body_is_strict(google: House, body: Any) -> None:
    assert (await google.client.post(PATH, json=body)).status_code == 422


async def test_it_is_absent_where_it_is_not_set_up(house: House) -> None:
    answer = await sign_in(house, "x")
    assert (answer.status_code, answer.json()["code"]) == (404, "google_off")


async def verify(house: House, user_id: str, password_proven: bool = False) -> None:
    """As the link in a mail does; with ``password_proven`` the one that sets a password."""
    users = house.services.engines.mongo.database["users"]
    now = house.services.engines.clock.now()
    await users.update_one(
        {"_id": user_id}, {"$set": {"email_verified_at": now, "password_proven": password_proven}}
    )
