"""A shortcut gives the endpoint what FastAPI would have given it, and leaves complaints to FastAPI."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from app.core.schemas import Body, Integer
from app.core.web.mount import mount
from app.core.web.problems import install
from app.core.web.shortcut import shortcut
from app.core.web.strict_json import StrictRoute, has_json


class Wish(Body):
    number: Integer


async def _gather(request: Request) -> dict[str, Any] | None:
    if not await has_json(request):
        return None
    try:
        return {"body": Wish.model_validate(await request.json())}
    except ValidationError:
        return None


async def wish(body: Wish) -> Response:
    return Response(str(body.number), 201)


def _client(route_class: type[APIRoute]) -> httpx.AsyncClient:
    app = FastAPI()
    install(app)
    router = APIRouter(prefix="/wishes", route_class=route_class)
    router.add_api_route("", wish, methods=["POST"])
    mount(app, router, "/api")
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize(
    "content",
    [
        b'{"number": 7}',
        b'{"number": "7"}',
        b'{"number": 7, "more": 1}',
        b'{"number": 7, "number": 8}',
        b'{"number": NaN}',
        b"{}",
        b"[]",
        b"",
        b"{",
    ],
)
@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", "text/plain", None])
async def test_answers_are_the_same_either_way(content: bytes, media: str | None) -> None:
    headers = {"Content-Type": media} if media else {}
    answers = []
    for route_class in (StrictRoute, shortcut(_gather)):
        async with _client(route_class) as client:
            answer = await client.post("/api/wishes", content=content, headers=headers)
            answers.append((answer.status_code, answer.content))
    assert answers[0] == answers[1]


async def test_the_plain_request_does_not_go_through_fastapi() -> None:
    async with _client(shortcut(_gather)) as client:
        answer = await client.post("/api/wishes", json={"number": 7})
    assert (answer.status_code, answer.text) == (201, "7")
