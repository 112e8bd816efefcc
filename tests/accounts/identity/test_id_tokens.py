"""ID tokens and the keys behind them: what is believed, and for how long."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.accounts.errors import EmailNotVerified, InvalidIdToken
from app.accounts.providers.google import GoogleIdTokens
from app.accounts.providers.jwks import ASK_AGAIN, LONGEST, SHORTEST, KeySet
from app.core.clock import FixedClock
from app.core.errors import Transient
from tests.accounts.identity.issuer import CLIENT_ID, ISSUER, Issuer, new_key, public

STRANGER = new_key()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
async def tokens(own_issuer: Issuer, clock: FixedClock) -> AsyncIterator[GoogleIdTokens]:
    async with httpx.AsyncClient(timeout=60) as client:
        keys = KeySet(own_issuer.keys_url, clock, client)
        yield GoogleIdTokens(keys, clock, issuers=[ISSUER], audiences=["other.example.com", CLIENT_ID])


async def test_a_real_one_is_believed(tokens: GoogleIdTokens, own_issuer: Issuer) -> None:
    identity = await tokens.read(own_issuer.token(sub="110"))
    assert (identity.subject, identity.email, identity.name) == ("110", "ada@example.com", "Ada Lovelace")
    assert "ada" not in repr(identity).lower(), "no log shows who it was"


async def test_every_forgery_is_refused(tokens: GoogleIdTokens, own_issuer: Issuer) -> None:
    for what, token in forged(own_issuer).items():
        with pytest.raises(InvalidIdToken):
            print(what, await tokens.read(token))  # noqa: T201 — which one was believed.
    await tokens.read(own_issuer.token())


@pytest.mark.parametrize("verified", [False, None, "false", "true", 0, 1, "yes", [True]])
async def test_only_google_s_true_is_true(tokens: GoogleIdTokens, own_issuer: Issuer, verified: Any) -> None:
    with pytest.raises(EmailNotVerified):
        await tokens.read(own_issuer.token(email_verified=verified))


async def test_it_ends_with_its_time(tokens: GoogleIdTokens, own_issuer: Issuer, clock: FixedClock) -> None:
    token = own_issuer.token()
    clock.advance(timedelta(hours=1))
    await tokens.read(token)  # Within the minute by which clocks may differ.
    clock.advance(timedelta(minutes=2))
    with pytest.raises(InvalidIdToken):
        await tokens.read(token)


async def test_twenty_at_once_fetch_the_keys_once(tokens: GoogleIdTokens, own_issuer: Issuer) -> None:
    await asyncio.gather(*(tokens.read(own_issuer.token()) for _ in range(20)))
    assert own_issuer.asked == 1


async def test_a_new_key_is_found_but_made_up_ones_hardly_make_us_ask(
    tokens: GoogleIdTokens, own_issuer: Issuer, clock: FixedClock
) -> None:
    await tokens.read(own_issuer.token())
    own_issuer.keys["k2"] = new_key()
    for number in range(30):
        with pytest.raises(InvalidIdToken):
            await tokens.read(own_issuer.token(key=STRANGER, kid=f"x{number}"))
    assert own_issuer.asked == 1
    clock.advance(ASK_AGAIN)
    await tokens.read(own_issuer.token(kid="k2"))
    assert own_issuer.asked == 2


async def test_a_key_taken_back_is_believed_no_longer_than_announced(
    tokens: GoogleIdTokens, own_issuer: Issuer, clock: FixedClock
) -> None:
    own_issuer.max_age = 1
    old = own_issuer.keys["k1"]
    await tokens.read(own_issuer.token())
    own_issuer.keys = {"k2": new_key()}
    clock.advance(SHORTEST)
    with pytest.raises(InvalidIdToken):
        await tokens.read(own_issuer.token(key=old))
    await tokens.read(own_issuer.token(kid="k2"))


async def test_an_issuer_that_is_away_leaves_us_the_keys_for_a_day(
    tokens: GoogleIdTokens, own_issuer: Issuer, clock: FixedClock
) -> None:
    await tokens.read(own_issuer.token())
    own_issuer.status = 500
    clock.advance(timedelta(hours=20))
    now = int(clock.now().timestamp())
    await tokens.read(own_issuer.token(iat=now, exp=now + 60))
    clock.advance(LONGEST)
    now = int(clock.now().timestamp())
    with pytest.raises(Transient):
        await tokens.read(own_issuer.token(iat=now, exp=now + 60))
    own_issuer.status = 200
    await tokens.read(own_issuer.token(iat=now, exp=now + 60))


@pytest.mark.parametrize("listed", [[], ["x"], [{"kid": "k1", "kty": "RSA", "n": "!", "e": "AQAB"}]])
async def test_without_keys_nobody_is_let_in_and_all_may_come_again(
    tokens: GoogleIdTokens, own_issuer: Issuer, listed: list[Any]
) -> None:
    own_issuer.listed = listed
    with pytest.raises(Transient):
        await tokens.read(own_issuer.token())
    own_issuer.listed = None
    await tokens.read(own_issuer.token())


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_keys_that_are_no_good_are_not_used(tokens: GoogleIdTokens, own_issuer: Issuer) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 — that is the point.
    own_issuer.listed = [
        public(short, "weak"),
        {**public(STRANGER, "enc"), "use": "enc"},
        {"kty": "oct", "k": "AAAA", "kid": "oct"},
        "x",
        None,
        public(STRANGER, "k1"),
    ]
    for key, kid in ((short, "weak"), (STRANGER, "enc")):
        with pytest.raises(InvalidIdToken):
            await tokens.read(own_issuer.token(key=key, kid=kid))
    await tokens.read(own_issuer.token(key=STRANGER))


def forged(issuer: Issuer) -> dict[str, str]:
    now = int(time.time())
    real = issuer.token()
    head, payload, signature = real.split(".")
    none = _part({"alg": "none", "typ": "JWT", "kid": "k1"})
    pem = issuer.keys["k1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "no token at all": "x",
        "three empty parts": "..",
        "alg none": f"{none}.{payload}.",
        "alg none with its signature": f"{none}.{payload}.{signature}",
        "signature cut off": f"{head}.{payload}.",
        "another payload": f"{head}.{_part({'sub': 'x', 'email': 'a@b.example'})}.{signature}",
        "public key as HMAC secret": _hmac(payload, pem),
        "another key": issuer.token(key=STRANGER),
        "unknown key": issuer.token(key=STRANGER, kid="k9"),
        "its own key in the header": issuer.token(key=STRANGER, headers={"jwk": public(STRANGER, "k1")}),
        "its own key's address": issuer.token(key=STRANGER, headers={"jku": issuer.keys_url}),
        "critical extension": issuer.token(headers={"crit": ["x"], "x": 1}),
        "RS512": jwt.encode({"sub": "x"}, issuer.keys["k1"], "RS512", headers={"kid": "k1"}),
        "ES256": jwt.encode({"sub": "x"}, ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "another issuer": issuer.token(iss="https://evil.example.com"),
        "issuer with an end": issuer.token(iss="https://accounts.example.com/"),
        "no issuer": issuer.token(iss=None),
        "for another client": issuer.token(aud="evil.example.com"),
        "for several clients": issuer.token(aud=[CLIENT_ID, "evil.example.com"]),
        "for nobody": issuer.token(aud=None),
        "presented by another": issuer.token(azp="evil.example.com"),
        "expired": issuer.token(iat=now - 7200, exp=now - 3600),
        "of tomorrow": issuer.token(iat=now + 3600, exp=now + 7200),
        "not yet": issuer.token(nbf=now + 3600),
        "for ever": issuer.token(exp=now + 10**9),
        "no end": issuer.token(exp=None),
        "end as text": issuer.token(exp=str(now + 3600)),
        "infinite": issuer.token(exp=float("inf")),
        "no beginning": issuer.token(iat=None),
        "no subject": issuer.token(sub=None),
        "empty subject": issuer.token(sub=""),
        "subject an operator": issuer.token(sub={"$ne": ""}),
        "no email": issuer.token(email=None),
        "email an operator": issuer.token(email={"$gt": ""}),
        "email of two lines": issuer.token(email="ada@example.com\nBcc: x@example.com"),
        "email that is none": issuer.token(email="ada"),
        "too long": issuer.token(name="x" * 5000),
    }


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _hmac(payload: str, secret: bytes) -> str:

    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{payload}"
    digest = hmac.digest(secret, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
