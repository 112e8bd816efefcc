"""The JWT attacks of guarantees.md, and who a header makes one."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt

from app.accounts.access_tokens import AUDIENCE, ISSUER, PURPOSE
from app.core.security import Grant
from tests.accounts.house import House, Person

STRANGE_CLAIMS: list[dict[str, Any]] = [
    {"typ": "refresh"},
    {"typ": None},
    {"aud": "another"},
    {"aud": ["usher-api"]},
    {"aud": None},
    {"iss": "another"},
    {"exp": 1},
    {"exp": "9999999999"},
    {"exp": None},
    {"role": "owner"},
    {"role": None},
    {"sub": None},
    {"sid": None},
]


def claims_of(person: Person) -> dict[str, Any]:
    token = person.tokens["access_token"]
    return jwt.decode(token, options={"verify_signature": False})


def signed(house: House, claims: dict[str, Any], kid: str = "2") -> str:
    key = house.ring.signing_key(PURPOSE, int(kid))
    return jwt.encode(claims, key, "HS256", headers={"kid": kid})


def segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


async def test_what_a_token_says(house: House) -> None:
    person = await house.customer()
    claims = claims_of(person)
    assert jwt.get_unverified_header(person.tokens["access_token"])["kid"] == "2"
    assert (claims["iss"], claims["aud"], claims["typ"]) == (ISSUER, AUDIENCE, "access")
    assert claims["exp"] - claims["iat"] == 900
    assert person.email not in json.dumps(claims)


async def test_another_library_agrees_that_it_is_a_good_jwt(house: House) -> None:
    person = await house.customer()
    key = house.ring.signing_key(PURPOSE, 2)
    jwt.decode(
        person.tokens["access_token"], key, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, leeway=5
    )


async def test_a_token_under_an_older_key_of_the_ring_is_good(house: House) -> None:
    person = await house.customer()
    token = signed(house, claims_of(person), kid="1")
    assert (await person.call("GET", "/signed-in", bearer=token)).status_code == 200


async def test_claims_that_are_not_ours(house: House) -> None:
    person = await house.customer()
    for change in STRANGE_CLAIMS:
        changed = claims_of(person) | change
        token = signed(house, {name: value for name, value in changed.items() if value is not None})
        for path in ("/any", "/signed-in", "/staff", "/admin"):
            assert (await person.call("GET", path, bearer=token)).status_code == 401


async def test_signatures_that_are_not_ours(house: House) -> None:
    person = await house.customer()
    good = person.tokens["access_token"]
    claims = claims_of(person)
    header, payload, signature = good.split(".")
    none = segment({"alg": "none", "typ": "JWT"})
    forged = [
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        f"{segment({'alg': 'nOnE', 'typ': 'JWT', 'kid': '2'})}.{payload}.",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}.{payload}.{signature[:-1]}",
        f"{header}.{payload}.{signature}=",
        f"{header}.{segment(claims | {'role': 'admin'})}.{signature}",
        jwt.encode(claims, "x" * 40, "HS256", headers={"kid": "2"}),
        jwt.encode(claims, house.ring.signing_key("another-purpose"), "HS256", headers={"kid": "2"}),
        jwt.encode(claims, house.ring.signing_key(PURPOSE, 1), "HS256", headers={"kid": "2"}),
        jwt.encode(claims, "x" * 64, "HS512", headers={"kid": "2"}),
        jwt.encode(claims, house.ring.signing_key(PURPOSE, 2), "HS256", headers={"kid": "../../2"}),
        jwt.encode(claims, house.ring.signing_key(PURPOSE, 2), "HS256"),
        "..",
        ".",
        "x",
        good + "." + good,
        good + "A" * 5000,
    ]
    for token in forged:
        response = await person.call("GET", "/any", bearer=token)
        assert response.status_code == 401, token
        assert response.headers["content-type"] == "application/problem+json"
    assert (await person.call("GET", "/any", bearer=good)).status_code == 200


async def test_a_token_expires(house: House) -> None:
    person = await house.customer()
    house.clock.advance(timedelta(minutes=15, seconds=1))
    response = await person.ask("/any")
    assert response.status_code == 401
    assert response.json()["code"] == "token_expired"
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_refresh_token_is_no_access_token(house: House) -> None:
    person = await house.customer()
    for path in ("/any", "/signed-in", "/staff", "/admin"):
        response = await person.call("GET", path, bearer=person.tokens["refresh_token"])
        assert response.status_code == 401
    assert (await person.refresh(person.tokens["access_token"])).json()["code"] == "invalid_token"


async def test_a_garbled_header_is_never_taken_for_none(house: House) -> None:
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "bearer  x", "x.y.z", "Bearer\tx"]:
        response = await house.person().call("GET", "/any", headers={"Authorization": header})
        assert response.status_code == 401


async def test_anonymous_callers_and_resource_secrets(house: House) -> None:
    person = house.person()
    anonymous = await person.call("GET", "/any")
    assert anonymous.json() == {"user_id": None, "role": None, "key": "anonymous", "secret": None}
    secret = house.ring.secret("order", "ord_x", Grant(2))
    assert (await person.call("GET", "/any", bearer=secret)).json()["secret"] == secret
    for path in ("/signed-in", "/staff", "/admin"):
        assert (await person.call("GET", path)).status_code == 401
        assert (await person.call("GET", path, bearer=secret)).status_code == 401
