"""The whole API in this process on real servers, with lines to join."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
from pymongo import monitoring
from ulid import ULID

from app.accounts.models import Scope, User
from app.accounts.repository import UserRepository
from app.bootstrap import Services, build
from app.bootstrap.lines import Lines
from app.core.ids import new_id
from app.core.mongo import Database
from app.main import assemble
from app.settings import Mongo, Queues, Redis, Runtime, Settings

Json = dict[str, Any]
PUBLIC_URL = "http://lines.test"


@dataclass
class House:
    services: Services
    client: httpx.AsyncClient
    staff: str
    """An access token of staff who are limited to nothing."""

    @property
    def lines(self) -> Lines:
        return self.services.lines

    @property
    def database(self) -> Database:
        return self.services.engines.mongo.database

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    @asynccontextmanager
    async def seen_from(self, address: str) -> AsyncIterator[House]:
        async with _client(self.services, address) as client:
            yield House(self.services, client, self.staff)

    async def line(self, **fields: Any) -> Json:
        """Remote joining allowed, unless told otherwise."""
        answer = await self.call("POST", "/services", line_body(**fields), token=self.staff)
        assert answer.status_code == 201, answer.text
        return cast(Json, answer.json())

    async def change(self, line: Json, **fields: Any) -> Json:
        answer = await self.call("PATCH", f"/services/{line['id']}", fields, token=self.staff)
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json())

    async def invite(self, line: Json) -> Json:
        answer = await self.call("GET", f"/services/{line['id']}/invite", token=self.staff)
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json())

    async def try_claim(
        self, line: Json, invite: str, *, token: str | None = None, key: str | None = None, **body: Any
    ) -> httpx.Response:
        path = f"/services/{line['id']}/claim"
        return await self.call("POST", path, {"invite": invite, **body}, token=token, key=key)

    async def claim(self, line: Json, **body: Any) -> Json:
        invite = await self.invite(line)
        answer = await self.try_claim(line, invite["invite"], **body)
        assert answer.status_code == 201, answer.text
        return cast(Json, answer.json())

    async def try_join(
        self, line: Json, *, token: str | None = None, key: str | None = None, **body: Any
    ) -> httpx.Response:
        return await self.call("POST", f"/services/{line['id']}/tokens", body, token=token, key=key)

    async def join(self, line: Json, **more: Any) -> Json:
        answer = await self.try_join(line, **more)
        assert answer.status_code == 201, answer.text
        return cast(Json, answer.json())

    async def enter(self, line: Json, **body: Any) -> Json:
        return await self.join(line, token=self.staff, **body)

    async def move(self, token: Json, what: str, bearer: str | None = None, **more: Any) -> httpx.Response:
        return await self.call(
            "POST", f"/tokens/{token['id']}/{what}", token=bearer or token["secret"], **more
        )

    async def show(self, token: Json, bearer: str | None = None) -> Json:
        answer = await self.call("GET", f"/tokens/{token['id']}", token=bearer or token["secret"])
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json())

    async def public(self, line: Json) -> Json:
        """As everybody sees it, read anew."""
        self.lines.reading.forget(line["id"])
        answer = await self.call("GET", f"/services/{line['slug']}")
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json())

    async def document(self, token: Json) -> Json:
        found = await self.database["tokens"].find_one({"_id": token["id"]})
        assert found is not None
        return found

    async def documents(self, line: Json) -> list[Json]:
        found = self.database["tokens"].find({"service_id": line["id"]}).sort("_id", 1)
        return await found.to_list(None)

    async def person(self, role: Any = "customer", scope: Scope | None = None) -> str:
        """A new account's access token, made where it is kept: argon2 has no part in this."""
        user_id, now = new_id("usr"), self.services.engines.clock.now()
        email = f"{user_id}@example.com".lower()
        user = User(user_id, email, "A Person", None, role, None, now, scope=scope)
        await UserRepository(self.database).insert(user)
        return (await self.services.accounts.sessions.open(user, new_id("ses"))).access_token


@asynccontextmanager
async def open_house(
    mongo_url: str,
    redis_url: str,
    *,
    database: str = "",
    listeners: Sequence[monitoring.CommandListener] = (),
    queues: Mapping[str, Any] | None = None,
) -> AsyncIterator[House]:
    """A second house on the same database is a second API process."""
    name = database or f"test_{ULID()}".lower()
    settings = Settings(
        runtime=Runtime(public_url=PUBLIC_URL, log_level="error"),
        mongo=Mongo(mongodb_url=mongo_url, mongodb_database=name),
        redis=Redis(redis_url=redis_url, redis_timeout_ms=2000),
        queues=Queues(**({"joins_per_minute": 100_000} | dict(queues or {}))),
    )
    services = build(settings, listeners)
    try:
        await services.prepare()
        async with _client(services, "203.0.113.7") as client:
            house = House(services, client, "")
            house.staff = await house.person("staff")
            yield house
    finally:
        if not database:
            await services.engines.mongo.database.client.drop_database(name)
        await services.close()


def _client(services: Services, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(assemble(services), raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://usher.test", timeout=60)


def line_body(**fields: Any) -> Json:
    return {
        "name": "Bakery",
        "slug": f"bakery-{ULID()}".lower(),
        "timezone": "Europe/Vienna",
        "average_minutes": 4,
        "remote_join": True,
    } | fields


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; fails on anything that is not a well-formed problem."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert "Traceback" not in answer.text
    return answer.status_code, str(body["code"])
