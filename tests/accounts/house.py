"""The accounts' rooms built on real servers, and people who use them over HTTP."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from ulid import ULID

from app.accounts.access_tokens import AccessTokens
from app.accounts.api_keys import ApiKeyTokens
from app.accounts.deps import Admin, AnyCaller, SignedIn, Staff
from app.accounts.models import Caller
from app.accounts.refresh_tokens import RefreshTokens
from app.accounts.repository import ApiKeyRepository, SessionRepository, UserRepository
from app.accounts.routes import router
from app.accounts.service import (
    AccountLimits,
    AccountService,
    Administration,
    ApiKeyService,
    Callers,
    Once,
    Passwords,
    Revocations,
    SessionService,
    SignInService,
)
from app.core.clock import FixedClock
from app.core.idempotency import IdempotencyKeys
from app.core.mongo import Database
from app.core.ratelimit import RateLimiter
from app.core.redis import Client
from app.core.security import KeyRing
from app.core.web import problems

PASSWORD = "a long walk home"
KEYS = f"2:{'k' * 40},1:{'o' * 40}"
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)


class House:
    """Built as bootstrap builds it. A second house on the same database is a second API process."""

    def __init__(
        self,
        database: Database,
        redis: Client,
        *,
        clock: FixedClock | None = None,
        hasher: Argon2Hasher = CHEAP,
    ) -> None:
        self.clock = clock or FixedClock(datetime.now(UTC))
        self.ring = KeyRing(KEYS)
        self.database = database
        self.redis = redis
        self.users = UserRepository(database)
        self.sessions = SessionRepository(database)
        self.keys = IdempotencyKeys(database, self.clock)
        self.access = AccessTokens(self.ring, self.clock)
        self.revocations = Revocations(self.users, self.sessions, self.clock, self.access.lifetime)
        self.passwords = Passwords(hasher=hasher)
        self.limits = AccountLimits(RateLimiter(redis), self.ring, per_minute=10, address_per_minute=200)
        self.session_service = SessionService(
            self.users,
            self.sessions,
            self.access,
            RefreshTokens(self.ring),
            self.revocations,
            self.clock,
        )
        shared = (
            self.users,
            self.session_service,
            self.passwords,
            self.limits,
            Once(self.keys, self.ring),
            self.clock,
        )
        self.accounts = AccountService(*shared)
        self.sign_ins = SignInService(*shared)
        self.administration = Administration(
            self.users, self.session_service, Once(self.keys, self.ring), self.clock
        )
        self.api_keys = ApiKeyService(
            ApiKeyRepository(database), ApiKeyTokens(self.ring), self.keys, self.clock
        )
        self.callers = Callers(self.access, self.revocations, self.users, self.sessions, self.api_keys)
        self.app = self._app()

    async def prepare(self) -> None:
        await self.users.prepare()
        await self.sessions.prepare()
        await self.keys.prepare()

    def stop(self) -> None:
        self.passwords.stop()

    def person(self, *, email: str | None = None, address: str | None = None) -> Person:
        return Person(self, email or f"{ULID()}@example.com".lower(), address or random_address())

    async def customer(self) -> Person:
        person = self.person()
        await person.sign_up()
        return person

    async def admin(self) -> Person:
        person = self.person()
        await self.accounts.ensure_admin(person.email, PASSWORD)
        await person.sign_in()
        return person

    def _app(self) -> FastAPI:
        app = FastAPI()
        problems.install(app)
        app.include_router(router, prefix="/api/v1")
        app.add_api_route("/any", who_is_any)
        app.add_api_route("/signed-in", who_is_signed_in)
        app.add_api_route("/staff", who_is_staff)
        app.add_api_route("/admin", who_is_admin)
        app.state.provided = {
            AccountService: self.accounts,
            Administration: self.administration,
            ApiKeyService: self.api_keys,
            SignInService: self.sign_ins,
            SessionService: self.session_service,
            Callers: self.callers,
        }
        return app


@dataclass
class Person:
    house: House
    email: str
    address: str
    tokens: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    async def call(
        self, method: str, path: str, json: Any = None, *, bearer: str | None = None, **more: Any
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.house.app, client=(self.address, 1))
        headers = {**self.headers, **more.pop("headers", {})}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        async with httpx.AsyncClient(transport=transport, base_url="http://usher") as client:
            return await client.request(method, path, json=json, headers=headers, **more)

    async def sign_up(self, password: str = PASSWORD, **more: Any) -> httpx.Response:
        body = {"email": self.email, "password": password, "name": "Ada"}
        return self._remember(await self.call("POST", "/api/v1/auth/signup", body | more))

    async def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        body = {"email": self.email, "password": password}
        return self._remember(await self.call("POST", "/api/v1/auth/signin", body))

    async def refresh(self, token: str | None = None) -> httpx.Response:
        body = {"refresh_token": token or self.tokens["refresh_token"]}
        return await self.call("POST", "/api/v1/auth/refresh", body)

    async def ask(self, path: str) -> httpx.Response:
        return await self.call("GET", path, bearer=self.tokens["access_token"])

    async def do(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.call(method, path, json, bearer=self.tokens["access_token"], **more)

    @property
    def id(self) -> str:
        return str(self.tokens["user"]["id"])

    def elsewhere(self) -> Person:
        return Person(self.house, self.email, random_address())

    def at(self, house: House) -> Person:
        return Person(house, self.email, self.address, self.tokens)

    def _remember(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            self.tokens = response.json()
        return response


def random_address() -> str:
    return ".".join(str(random.randint(1, 254)) for _ in range(4))


def describe(caller: Caller) -> dict[str, Any]:
    return {"user_id": caller.user_id, "role": caller.role, "key": caller.key, "secret": caller.secret}


async def who_is_any(caller: AnyCaller) -> dict[str, Any]:
    return describe(caller)


async def who_is_signed_in(caller: SignedIn) -> dict[str, Any]:
    return describe(caller)


async def who_is_staff(caller: Staff) -> dict[str, Any]:
    return describe(caller)


async def who_is_admin(caller: Admin) -> dict[str, Any]:
    return describe(caller)
