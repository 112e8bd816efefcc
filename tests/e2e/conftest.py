"""The whole API process in this one: real servers, real routes, no network in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from pymongo import monitoring
from ulid import ULID

from app.bootstrap import Services, build
from app.main import assemble
from app.settings import Mongo, Redis, Runtime, Sales, Security, Settings

PASSWORD = "a-long-enough-password"
NOWHERE = "http://127.0.0.1:9"
"""Webhooks the sandbox sends from here find nobody."""
PATIENT = httpx.Timeout(120)


@dataclass(frozen=True)
class House:
    """``client`` speaks to ``asgi`` as a browser would."""

    services: Services
    asgi: object
    client: httpx.AsyncClient

    async def token(self, role: str) -> str:
        """An access token of a new account with this role."""
        email = f"{role}-{ULID()}@example.com".lower()
        if role == "admin":
            await self.services.accounts.accounts.ensure_admin(email, PASSWORD)
            answer = await self.client.post(
                "/api/v1/auth/signin", json={"email": email, "password": PASSWORD}
            )
            return str(answer.json()["access_token"])
        body = {"email": email, "password": PASSWORD, "name": "A Person"}
        signed_up = (await self.client.post("/api/v1/auth/signup", json=body)).json()
        if role == "customer":
            return str(signed_up["access_token"])
        path = f"/api/v1/users/{signed_up['user']['id']}"
        await self.client.patch(path, json={"role": role}, headers=bearer(await self.token("admin")))
        answer = await self.client.post("/api/v1/auth/signin", json={"email": email, "password": PASSWORD})
        return str(answer.json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def a_house(
    settings: Settings,
    listeners: Sequence[monitoring.CommandListener] = (),
    change: Callable[[Services], None] | None = None,
) -> AsyncIterator[House]:
    """``change`` alters what was built before the routes are made of it."""
    services = build(settings, listeners)
    if change is not None:
        change(services)
    asgi = assemble(services)
    await services.prepare()
    await services.accounts.revocations.start()
    transport = httpx.ASGITransport(asgi, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=PATIENT) as client:
            yield House(services, asgi, client)
    finally:
        await services.accounts.revocations.stop()
        await services.engines.mongo.database.client.drop_database(services.engines.mongo.database)
        await services.close()


def settings_for(mongo_url: str, redis_url: str) -> Settings:
    return Settings(
        runtime=Runtime(env="test", log_level="error", public_url=NOWHERE),
        security=Security(signin_per_minute=10_000, signin_address_per_minute=100_000),
        mongo=Mongo(mongodb_url=mongo_url, mongodb_database=f"test_{ULID()}".lower()),
        redis=Redis(redis_url=redis_url, redis_timeout_ms=10_000),
        sales=Sales(bookings_per_minute=100_000),
    )


@pytest.fixture
async def house(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with a_house(settings_for(mongo_url, redis_url)) as built:
        yield built
