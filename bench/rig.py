"""Everything a measurement needs, started for it alone: servers, API, worker, baseline, an admin, events."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from app.accounts.access_tokens import AccessTokens
from app.accounts.models import User
from app.bootstrap import Services, build
from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.redis import Client, connect
from app.core.security import KeyRing
from app.embedded.child import Child
from app.embedded.mongod import Mongod, mongod
from app.embedded.ports import free_port
from app.embedded.redis_server import RedisServer, redis_server
from app.settings import DEVELOPMENT_KEY, Mongo, Redis, Settings

ADMIN = ("admin@example.com", "a-password-for-benches")
_API = (sys.executable, "-m", "app.cli", "api", "--port")
_WORKER = (sys.executable, "-m", "app.cli", "worker")
_BASELINE = (sys.executable, "-m", "bench.baseline")


@dataclass
class Program:
    """A process that serves HTTP."""

    child: Child
    port: int

    @property
    def memory(self) -> float:
        """Resident, in MB."""
        return psutil.Process(self.child.pid).memory_info().rss / 2**20


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in user and kernel."""
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


class Rig:
    def __init__(self, directory: Path, servers: tuple[Mongod, RedisServer]) -> None:
        self._directory = directory
        self.mongod, self.redis_server = servers
        self.redis: Client = connect(self.redis_server.url, timeout_ms=10_000)
        settings = Settings(
            mongo=Mongo(mongodb_url=self.mongod.url), redis=Redis(redis_url=self.redis_server.url)
        )
        self.services: Services = build(settings)
        self.database = self.services.engines.mongo.database
        self._admin = ""

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "USHER_MONGODB_URL": self.mongod.url,
            "USHER_REDIS_URL": self.redis_server.url,
            "USHER_SECRET_KEYS": f"1:{DEVELOPMENT_KEY}",
        }

    @asynccontextmanager
    async def api(self, **environment: str) -> AsyncIterator[Program]:
        async with self._serving("api", _API, "/health/live", environment) as program:
            yield program

    @asynccontextmanager
    async def baseline(self) -> AsyncIterator[Program]:
        async with self._serving("baseline", _BASELINE, "/empty/x", {}) as program:
            yield program

    @asynccontextmanager
    async def worker(self, told: bool = True) -> AsyncIterator[Child]:
        """``told``: entered once it has told everything there was to tell."""
        child = Child(
            "worker",
            _WORKER,
            environment=self.environment,
            log=self._directory / "worker.log",
            stop_seconds=15,
        )
        await child.spawn()
        try:
            if told:
                await self.drained()
            yield child
        finally:
            await child.stop()

    @asynccontextmanager
    async def _serving(
        self, name: str, command: tuple[str, ...], path: str, environment: Mapping[str, str]
    ) -> AsyncIterator[Program]:
        port = free_port()

        async def ready() -> bool:
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(f"http://127.0.0.1:{port}{path}")).status_code == 200
            except httpx.TransportError:
                return False

        child = Child(
            name,
            [*command, str(port)],
            environment={**self.environment, **environment},
            log=self._directory / f"{name}.log",
            ready=ready,
            stop_seconds=15,
        )
        await child.start()
        try:
            yield Program(child, port)
        finally:
            await child.stop()

    async def drained(self) -> None:
        """Until no order and no token has anything to tell any more."""
        for name in ("orders", "tokens"):
            told = self.database[name]
            while await told.find_one({"outbox.id": {"$gt": ""}}, {"_id": 1}):  # noqa: ASYNC110 — another process's work.
                await asyncio.sleep(0.02)

    async def event(self, api: Program, **fields: Any) -> dict[str, Any]:
        """A published event. Without ``fields`` it sells 200,000 places of one type."""
        starts = (datetime.now(UTC) + timedelta(days=90)).isoformat()
        places = [{"name": "Standing", "price": 2500, "capacity": 200_000}]
        body = {
            "name": "Bench",
            "description": "",
            "venue": "Hall",
            "starts_at": starts,
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "ticket_types": places,
            "hold_minutes": 60,
            **fields,
        }
        async with self.client(api) as client:
            made = (await client.post("/events", json=body)).raise_for_status().json()
            found: dict[str, Any] = (
                (await client.post(f"/events/{made['id']}/publish")).raise_for_status().json()
            )
        return found

    @asynccontextmanager
    async def client(self, api: Program) -> AsyncIterator[httpx.AsyncClient]:
        """The admin's."""
        base = f"http://127.0.0.1:{api.port}/api/v1"
        async with httpx.AsyncClient(base_url=base, timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {await self._admin_token(client)}"
            yield client

    async def _admin_token(self, client: httpx.AsyncClient) -> str:
        if not self._admin:
            await self.services.accounts.accounts.ensure_admin(*ADMIN)
            body = {"email": ADMIN[0], "password": ADMIN[1]}
            answer = (await client.post("/auth/signin", json=body)).raise_for_status()
            self._admin = answer.json()["access_token"]
        return self._admin


def customers(count: int) -> list[str]:
    """Access tokens of as many customers, as sign-in would have issued them."""
    clock = SystemClock()
    tokens = AccessTokens(KeyRing(f"1:{DEVELOPMENT_KEY}"), clock)
    return [tokens.issue(_customer(clock, n), new_id("ses")) for n in range(count)]


def _customer(clock: SystemClock, n: int) -> User:
    return User(
        id=new_id("usr"),
        email=f"customer{n}@example.com",
        name="Customer",
        phone=None,
        role="customer",
        password=None,
        created_at=clock.now(),
    )


@asynccontextmanager
async def rig(directory: Path) -> AsyncIterator[Rig]:
    mongo = mongod(directory / "mongod")
    await mongo.child.start()
    redis = redis_server(directory / "redis")
    await redis.child.start()
    running = Rig(directory, (mongo, redis))
    try:
        await running.services.prepare()
        yield running
    finally:
        await running.services.close()
        await running.redis.aclose()
        await asyncio.gather(redis.child.kill(), mongo.child.kill())
