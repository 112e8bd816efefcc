"""What a provider sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.core.mongo import Database
from app.core.web import problems
from app.core.web.edge import Edge
from app.webhooks.deps import MAX_BODY
from app.webhooks.routes import router
from app.webhooks.service import Inbox
from tests.webhooks.fake_provider import SIGNED, notice

URL = "/api/v1/webhooks/fake"


@pytest.fixture
async def client(inbox: Inbox) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router, prefix="/api/v1")
    app.state.provided = {Inbox: inbox}
    edge = Edge(app, max_in_flight=1, log_requests=False)
    transport = httpx.ASGITransport(edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_signed_webhook_is_received(client: httpx.AsyncClient, database: Database) -> None:
    answer = await client.post(URL, content=notice(), headers=SIGNED)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert await database["deliveries"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("url", "body", "headers", "status", "code"),
    [
        (URL, notice(), {}, 400, "invalid_signature"),
        (URL, b"", {}, 400, "invalid_signature"),
        (URL, b"\xff\x00{", {"X-Signature": "bad"}, 400, "invalid_signature"),
        ("/api/v1/webhooks/nobody", notice(), SIGNED, 404, "not_found"),
        (URL, b"x" * (MAX_BODY + 1), SIGNED, 413, "too_large"),
    ],
)
async def test_anything_else_is_a_problem_and_leaves_nothing(
    client: httpx.AsyncClient,
    database: Database,
    url: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = await client.post(url, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await database["deliveries"].count_documents({}) == 0


async def test_a_crowd_of_webhooks_is_never_shed(client: httpx.AsyncClient, database: Database) -> None:
    async def send(n: int) -> int:
        answer = await client.post(URL, content=notice(f"evt_{n % 100}"), headers=SIGNED)
        return answer.status_code

    assert set(await asyncio.gather(*map(send, range(200)))) == {200}
    assert await database["deliveries"].count_documents({}) == 100
