"""Lines and counters without HTTP: real services on a real MongoDB, people put in line by the dozen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import monitoring
from ulid import ULID

from app.accounts.models import Caller, Scope
from app.bootstrap.counters import Counters, build_counters
from app.bootstrap.engines import Engines
from app.core.clock import milliseconds
from app.core.ids import new_id
from app.core.mongo import Database
from app.core.redis import Breaker
from app.core.security import Grant
from app.queues.business_day import business_day
from app.queues.documents import token_document
from app.queues.live import LiveFields
from app.queues.models import Contact, Service, Token
from app.queues.repository.numbers import Numbers
from app.queues.repository.services import Change, Services
from app.queues.repository.tokens import Tokens
from app.queues.service.acting import Hand
from app.queues.service.calling import Asked
from app.queues.service.numbering import Numbering
from app.settings import Mongo, Redis, Runtime, Settings

Json = dict[str, Any]
STAFF = Caller(user_id="usr_staff", role="staff", request_id="req_1")
LIMITED = Caller(user_id="usr_limited", role="staff", scope=Scope(services=frozenset({"svc_other"})))
EMAIL = Contact(email="ann@example.com")


@dataclass
class Desk:
    """``tell``: what one process has. A second desk on the same database is a second process."""

    engines: Engines
    services: Services
    tokens: Tokens
    counters: Counters

    @property
    def database(self) -> Database:
        return self.engines.mongo.database

    @property
    def now(self) -> datetime:
        return self.engines.clock.now()

    async def line(self, **fields: Any) -> Service:
        service_id = new_id("svc")
        plain = Service(
            id=service_id,
            slug=service_id.lower().replace("_", "-"),
            name="Bakery",
            description="",
            timezone="Europe/Vienna",
            average_minutes=5.0,
            verify="none",
            remote_join=True,
            state="open",
            version=1,
            created_at=self.now,
        )
        service = replace(plain, **fields)
        assert await self.services.insert(service, Change("created", "usr_admin", self.now), [])
        return service

    async def change(self, service: Service, **fields: Any) -> Service:
        saved = await self.services.save(
            replace(service, **fields), Change("updated", "usr_admin", self.now), []
        )
        assert saved is not None
        return saved

    async def people(self, service: Service, count: int, **fields: Any) -> list[Token]:
        """They joined one second after the other, the last one now. Contacts are told apart by number."""
        began = milliseconds(self.now) - timedelta(seconds=count)
        tokens = [
            some_token(service, number, began + timedelta(seconds=number), fields)
            for number in range(1, count + 1)
        ]
        await seed(self.database, self.live, tokens)
        return tokens

    async def person(self, service: Service, **fields: Any) -> Token:
        known = await self.database["tokens"].count_documents({"service_id": service.id})
        token = some_token(service, known + 1, milliseconds(self.now), fields)
        await seed(self.database, self.live, [token])
        return token

    @property
    def live(self) -> LiveFields:
        return LiveFields(self.engines.ring)

    async def next(
        self, service: Service, counter: str = "1", key: str | None = None, by: Caller = STAFF
    ) -> Token:
        asked = Asked(by, counter, key, counter)
        return (await self.counters.calling.next(service.id, asked)).token

    async def called(self, service: Service, **fields: Any) -> Token:
        """A new person, called a while ago."""
        await self.person(service, **fields)
        return await self.aged(await self.next(service), timedelta(minutes=5))

    async def aged(self, token: Token, by: timedelta) -> Token:
        """As if it all had happened earlier; the version stays."""
        found = await self.read(token)
        times: Json = {
            name: getattr(found, name) - by
            for name in ("joined_at", "called_at", "recalled_at", "started_at")
            if getattr(found, name) is not None
        }
        if found.code is not None:
            times["code.granted_at"] = found.code.granted_at - by
        await self.database["tokens"].update_one({"_id": token.id}, {"$set": times})
        return await self.read(token)

    async def read(self, token: Token) -> Token:
        found = await self.tokens.find(token.id)
        assert found is not None
        return found

    async def raw(self, token_id: str) -> Json:
        found = await self.database["tokens"].find_one({"_id": token_id})
        assert found is not None
        return found

    async def told(self, token: Token) -> list[tuple[str, Json]]:
        """What is in the token's outbox: type and data, without what the audit hears."""
        outbox = (await self.raw(token.id)).get("outbox", [])
        return [(entry["type"], entry["data"]) for entry in outbox if entry["stream"] == "tokens"]


def hand(token: Token, key: str | None = None, by: Caller = STAFF, body: str = "") -> Hand:
    return Hand(by, token.version, key, body)


async def seed(database: Database, live: LiveFields, tokens: Sequence[Token]) -> None:
    documents = [token_document(token) | (live.of(token) if token.live else {}) for token in tokens]
    await database["tokens"].insert_many(documents)


def some_token(service: Service, number: int, joined_at: datetime, fields: Json) -> Token:
    token_id = new_id("tok")
    token = Token(
        id=token_id,
        service_id=service.id,
        day=business_day(joined_at, service.timezone),
        number=number,
        status="waiting",
        joined_at=joined_at,
        alias=f"calm-otter-{number}",
        secret_id=token_id,
        grant=Grant(1),
        version=1,
        created_at=joined_at,
        history=({"at": joined_at, "from": None, "to": "waiting", "cause": "joined", "by": "guest"},),
    )
    token = replace(token, **fields)
    if token.contact and token.contact.email:
        return replace(token, contact=Contact(email=f"p{number}@example.com"))
    return token


@asynccontextmanager
async def open_desk(
    mongo_url: str,
    redis_url: str,
    *,
    database: str = "",
    listeners: Sequence[monitoring.CommandListener] = (),
) -> AsyncIterator[Desk]:
    """The database goes when the desk that named it closes."""
    name = database or f"test_{ULID()}".lower()
    settings = Settings(
        runtime=Runtime(env="test", log_level="error"),
        mongo=Mongo(mongodb_url=mongo_url, mongodb_database=name),
        redis=Redis(redis_url=redis_url, redis_timeout_ms=1000),
    )
    engines = Engines.connect(settings, listeners)
    services, tokens = Services(engines.mongo.database), Tokens(engines.mongo.database, engines.clock)
    numbers = Numbers(engines.fast_redis, Breaker(2, 1.0))
    numbering = Numbering(tokens, numbers, LiveFields(engines.ring), engines.clock)
    counters = build_counters(engines, services, tokens, numbering, lambda _: None)
    try:
        await engines.mongo.measure_clock(engines.clock)
        for repository in (services, tokens, *counters.repositories):
            await repository.prepare()
        yield Desk(engines, services, tokens, counters)
    finally:
        if not database:
            await engines.mongo.database.client.drop_database(name)
        await engines.close()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
