"""reCAPTCHA at sign-up, against a local endpoint."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from ulid import ULID

from tests.accounts.identity.issuer import Issuer
from tests.e2e.conftest import PASSWORD, House

GOOD: dict[str, Any] = {"success": True, "score": 0.9, "hostname": "usher.example.com"}


async def sign_up(
    house: House, token: str | None = "human", email: str | None = None, **headers: str
) -> httpx.Response:
    body = {"email": email or f"{ULID()}@example.com", "password": PASSWORD, "name": "Ada"}
    if token is not None:
        body["recaptcha_token"] = token
    return await house.client.post("/api/v1/auth/signup", json=body, headers=headers)


async def test_a_person_signs_up(guarded: House, issuer: Issuer) -> None:
    issuer.captcha, issuer.captcha_forms = GOOD, []
    assert (await sign_up(guarded)).status_code == 201
    assert issuer.captcha_forms == [{"secret": ["captcha-secret"], "response": ["human"]}]


@pytest.mark.parametrize(
    "said",
    [
        GOOD | {"success": False, "error-codes": ["timeout-or-duplicate"]},
        GOOD | {"success": "true"},
        GOOD | {"score": 0.4},
        GOOD | {"score": "high"},
        GOOD | {"hostname": "evil.example.com"},
        {"success": True},
        {},
    ],
)
async def test_whoever_does_not_convince_does_not(guarded: House, issuer: Issuer, said: Any) -> None:
    issuer.captcha = said
    email = f"{ULID()}@example.com".lower()
    answer = await sign_up(guarded, email=email)
    assert (answer.status_code, answer.json()["code"]) == (422, "recaptcha_failed")
    users = guarded.services.engines.mongo.database["users"]
    assert await users.find_one({"email": email}) is None


async def test_without_a_token_nobody_is_asked(guarded: House, issuer: Issuer) -> None:
    issuer.captcha, issuer.captcha_forms = GOOD, []
    for token in (None, ""):
        assert (await sign_up(guarded, token)).json()["code"] == "recaptcha_failed"
    assert issuer.captcha_forms == []


async def test_who_is_taken_already_is_not_told_to_machines(guarded: House, issuer: Issuer) -> None:
    issuer.captcha = GOOD
    email = f"{ULID()}@example.com".lower()
    await sign_up(guarded, email=email)
    assert (await sign_up(guarded, email=email)).json()["code"] == "email_taken"
    issuer.captcha = {"success": False}
    assert (await sign_up(guarded, email=email)).json()["code"] == "recaptcha_failed"


async def test_an_endpoint_that_is_away_closes_sign_up_for_the_moment(guarded: House, issuer: Issuer) -> None:
    issuer.captcha = GOOD
    issuer.status = 500
    try:
        assert (await sign_up(guarded)).status_code == 503
    finally:
        issuer.status = 200


async def test_a_token_is_good_once_and_a_repetition_needs_no_other(guarded: House, issuer: Issuer) -> None:
    issuer.captcha, issuer.captcha_forms = GOOD, []
    email, key = f"{ULID()}@example.com".lower(), {"Idempotency-Key": "once"}
    first = await sign_up(guarded, email=email, **key)
    again = await sign_up(guarded, "another", email=email, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert len(issuer.captcha_forms) == 1


async def test_it_is_not_asked_for_where_no_key_is_set(house: House) -> None:
    assert (await sign_up(house, None)).status_code == 201
