"""One process's catalogue, built on real servers, and the requests that tests send to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from fastapi import FastAPI

from app.accounts.models import Caller, Role
from app.accounts.service import Callers
from app.catalogue.repository import Events
from app.catalogue.routes import router
from app.catalogue.service import Availability, Catalogue, Editor
from app.core.clock import FixedClock, rfc3339
from app.core.errors import Forbidden, Unauthorized
from app.core.idempotency import IdempotencyKeys
from app.core.ids import new_id
from app.core.mongo import Database
from app.core.redis import Breaker, Client
from app.core.web.problems import install
from app.stock.repository.claims import Claims
from app.stock.repository.picture import Picture
from app.stock.service import Stock

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


class NamedCallers:
    """Takes the role from the token, which is its name."""

    async def identify(self, authorization: str | None, permission: str | None = None) -> Caller:
        if authorization is None:
            return Caller()
        role = cast(Role, authorization.removeprefix("Bearer "))
        return Caller(user_id=f"usr_{role}", session_id="ses_1", role=role)

    async def require(
        self, authorization: str | None, roles: frozenset[str], permission: str | None = None
    ) -> Caller:
        if authorization is None:
            raise Unauthorized
        caller = await self.identify(authorization)
        if caller.role not in roles:
            raise Forbidden
        return caller


@dataclass
class House:
    events: Events
    stock: Stock
    catalogue: Catalogue
    availability: Availability
    editor: Editor
    clock: FixedClock
    client: httpx.AsyncClient
    database: Database

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers=_named(headers))

    async def patch(self, event_id: str, body: Json, **headers: str) -> httpx.Response:
        return await self.client.patch(f"/events/{event_id}", json=body, headers=_named(headers))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=_named(headers, token=""))

    async def draft(self, **fields: Any) -> Json:
        answer = await self.post("/events", event_body(**fields))
        assert answer.status_code == 201, answer.text
        return cast(Json, answer.json())

    async def published(self, **fields: Any) -> Json:
        event = await self.draft(**fields)
        answer = await self.post(f"/events/{event['id']}/publish")
        assert answer.status_code == 200, answer.text
        return cast(Json, answer.json())

    async def claim(self, event_id: str, *units: str, status: str = "confirmed") -> None:
        """What a booking leaves in the database."""
        order = {"_id": new_id("ord"), "event_id": event_id, "status": status}
        await self.database["orders"].insert_one(order | {"claims": list(units), "units": list(units)})

    async def told(self, event_id: str, stream: str = "events") -> list[Json]:
        """What an event's outbox has for a stream."""
        return [e for e in (await self.document(event_id))["outbox"] if e["stream"] == stream]

    async def document(self, event_id: str) -> Json:
        found = await self.database["events"].find_one({"_id": event_id})
        assert found is not None
        return found


@asynccontextmanager
async def built(database: Database, redis: Client, events: Events | None = None) -> AsyncIterator[House]:
    clock = FixedClock(NOW)
    events = events or Events(database)
    claims, keys = Claims(database), IdempotencyKeys(database, clock)
    for store in (events, claims, keys):
        await store.prepare()
    picture = Picture(redis)
    stock = Stock(picture, picture, claims, Breaker(), clock)
    catalogue = Catalogue(events)
    availability = Availability(catalogue, stock)
    editor = Editor(events, catalogue, availability, stock, keys, clock, hold_minutes=5)
    app = FastAPI()
    install(app)
    app.include_router(router)
    app.state.provided = {
        Callers: NamedCallers(),
        Catalogue: catalogue,
        Availability: availability,
        Editor: editor,
    }
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://usher.test") as client:
        yield House(events, stock, catalogue, availability, editor, clock, client, database)


def event_body(**fields: Any) -> Json:
    body: Json = {
        "name": "Night of Organs",
        "description": "Three organs.\nOne church.",
        "venue": "St Mary",
        "starts_at": rfc3339(NOW + timedelta(days=30)),
        "timezone": "Europe/Vienna",
        "currency": "EUR",
        "ticket_types": [{"name": "Standing", "price": 2500, "capacity": 100}],
    }
    return body | fields


def seated_body(**fields: Any) -> Json:
    """Stalls with rows A (20) and B (10), and 100 places to stand."""
    seated: Json = {
        "ticket_types": [
            {"name": "Standing", "price": 2500, "capacity": 100},
            {"name": "Seat", "price": 4000},
        ],
        "seating": seating(A=20, B=10),
    }
    return event_body(**(seated | fields))


def seating(section: str = "stalls", ticket_type: str = "Seat", **rows: int) -> Json:
    named = [{"name": name, "seats": seats} for name, seats in rows.items()]
    return {"sections": [{"name": section, "ticket_type": ticket_type, "rows": named}]}


def type_of(event: Json, name: str) -> Json:
    return cast(Json, next(kind for kind in event["ticket_types"] if kind["name"] == name))


def _named(headers: dict[str, str], token: str = "admin") -> dict[str, str]:
    """``key`` and ``token`` are short for the headers that tests send most."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    token = headers.pop("token", token)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if "key" in headers:
        headers["Idempotency-Key"] = headers.pop("key")
    return headers
