"""Every error is a problem of RFC 9457 whose own fields nothing else can take over."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.errors import IllegalTransition
from app.core.web.problems import render
from tests.e2e.conftest import House

JSON = {"Content-Type": "application/json"}


def test_data_never_overwrites_the_fields_of_a_problem() -> None:
    answer = render(IllegalTransition(status="cancelled", title="x", state="cancelled"), "req")
    assert answer.status_code == 409
    assert b'"status":409' in answer.body
    assert b'"title":"The current state does not allow this"' in answer.body
    assert b'"state":"cancelled"' in answer.body


@pytest.mark.parametrize(
    ("body", "type"),
    [
        (b'{"email": "a@example.com", "email": "b@example.com"}', "json_duplicate_key"),
        (b'{"email": 9007199254740993}', "json_integer"),
        (b'{"email": NaN}', "json_invalid"),
        (b"[" * 10_000, "json_depth"),
        (b'{"email": ', "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
    ],
)
async def test_bodies_that_are_no_json_of_ours_are_422(house: House, body: bytes, type: str) -> None:
    answer = await house.client.post("/api/v1/auth/signin", content=body, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["type"] for error in answer.json()["errors"]] == [type]


async def test_other_media_types_are_415(house: House) -> None:
    answer = await house.client.post(
        "/api/v1/auth/signin", content=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_bodies_past_the_limit_are_413(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(limit // 65536 + 2):
            yield b"x" * 65536

    limit = house.services.engines.settings.runtime.max_body_bytes
    for path in ("auth/signin", "events/evt_x/orders", "webhooks/sandbox"):
        for body in (b"x" * (limit + 1), endless()):
            answer = await house.client.post(f"/api/v1/{path}", content=body, headers=JSON)
            assert answer.status_code == 413, (path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "too_large"
