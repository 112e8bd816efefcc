"""Credentials that are no good are refused by every operation that looks at any, never taken for none."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import jwt
import pytest

from app.accounts.access_tokens import PURPOSE
from tests.authorization.actors import PERMISSIONS
from tests.authorization.row import Row
from tests.authorization.rows import ROWS
from tests.authorization.rules import OK, OPEN
from tests.authorization.world import API, World, a_world

LOOKING = [row for row in ROWS if row.rule != OPEN and not row.case]
ONE_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(scope="module")
async def world(mongo_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(mongo_url, redis_url) as world:
        yield world


@pytest.fixture(scope="module")
async def bad(world: World) -> dict[str, str]:
    """Whole Authorization headers."""
    good = world.tokens["admin"]
    header, payload, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    key = world.house.services.engines.ring.signing_key(PURPOSE)
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    wider = base64.urlsafe_b64encode(json.dumps(claims | {"role": "admin"}).encode()).rstrip(b"=").decode()

    def signed(key: bytes = key, algorithm: str = "HS256", **changes: object) -> str:
        return "Bearer " + jwt.encode(claims | changes, key, algorithm, headers={"kid": "1"})

    tokens = {
        "garbage": "Bearer x",
        "empty": "Bearer ",
        "another scheme": f"Basic {good}",
        "no scheme": good,
        "two at once": f"Bearer {good} {good}",
        "alg none": f"Bearer {none}.{payload}.",
        "alg none, signed": f"Bearer {none}.{payload}.{signature}",
        "another payload": f"Bearer {header}.{wider}.{signature}",
        "another key": signed(b"k" * 32),
        "another algorithm": signed(key + key, algorithm="HS512"),
        "another type": signed(typ="refresh"),
        "another audience": signed(aud="elsewhere"),
        "another issuer": signed(iss="somebody"),
        "a role that is none": signed(role="owner"),
        "expired": signed(exp=claims["iat"] - 1),
        "a forged key": f"Bearer uk_{ONE_ID}.1.{'A' * 43}",
    }
    return tokens | {name: f"Bearer {token}" for name, token in (await _ended(world)).items()}


async def _ended(world: World) -> dict[str, str]:
    """What was good once."""
    signed_out, disabled = await world.people.person("admin"), await world.people.person("admin")
    await world.request("POST", f"{API}/auth/signout", signed_out.token)
    await world.as_admin("PATCH", f"/users/{disabled.user.id}", {"disabled": True})
    revoked = await world.people.machine(PERMISSIONS)
    listed = (await world.as_admin("GET", "/api-keys?limit=200"))["items"]
    await world.as_admin("DELETE", f"/api-keys/{listed[-1]['id']}")
    return {"signed out": signed_out.token, "disabled": disabled.token, "a revoked key": revoked}


@pytest.mark.parametrize("row", LOOKING, ids=str)
async def test_no_operation_takes_them(world: World, bad: dict[str, str], row: Row) -> None:
    path = row.path.replace("{", "").replace("}", "")
    for name, header in bad.items():
        if row.path.endswith("/signout") and name in ("signed out", "disabled"):
            continue  # Ending what has ended changes nothing.
        request = dict(row.request) | {"headers": row.request.get("headers", {}) | {"Authorization": header}}
        if (body := row.body(world)) is not None:
            request["json"] = body
        answer = await world.request(row.method, path, **request)
        assert answer.status_code == 401, (name, answer.text)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_secret_of_an_order_opens_that_order_only(world: World) -> None:
    order = await world.order(by="guest")
    for row in LOOKING:
        if "{order_id}" not in row.path and "orders" not in row.path:
            path = row.path.replace("{", "").replace("}", "")
            if row.rule["guest"] == OK:
                continue  # Everybody may, or any secret: what it finds is the matrix's to say.
            answer = await world.request(row.method, path, order["secret"], json=row.body(world))
            assert answer.status_code == row.rule["guest"], str(row)
            assert answer.status_code in (401, 404), str(row)


async def test_the_good_one_passes(world: World) -> None:
    """Positive control: those above are refused for what is wrong with them."""
    answer = await world.request("GET", f"{API}/users", world.tokens["admin"])
    assert answer.status_code == 200
