"""Numbers and their indexes on real servers, by a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.core.messages import Message
from app.core.mongo import Database
from app.core.redis import Breaker, Client, connect
from app.core.security import Grant, KeyRing
from app.queues.live import LiveFields
from app.queues.messages import told
from app.queues.models import Contact, Service, Token
from app.queues.repository.numbers import Numbers
from app.queues.repository.tokens import Tokens
from app.queues.service.numbering import Numbering, Refusal

RING = KeyRing("1:" + "k" * 32)
NOBODY = "redis://127.0.0.1:9"


@dataclass
class Corner:
    database: Database
    redis: Client
    clock: FixedClock
    tokens: Tokens
    numbering: Numbering
    others: list[Numbering] = field(default_factory=list)
    """Other processes on the same servers."""

    async def enter(
        self,
        service: Service,
        *,
        by: Numbering | None = None,
        alias: str = "",
        contact: Contact | None = None,
        place: int | None = None,
    ) -> Token | Refusal:
        draft = a_draft(service, self.clock.now(), alias, contact, place)
        return await (by or self.numbering).enter(service, draft, _tell)

    async def number(self, service: Service, *, by: Numbering | None = None) -> int:
        entered = await self.enter(service, by=by)
        assert isinstance(entered, Token), entered
        return entered.number

    async def end(self, token: Token) -> None:
        assert await self.tokens.move(token, "cancelled", cause="test", by="test")

    async def lose_counters(self, service: Service) -> None:
        """What a flush does to one line."""
        await self.redis.delete(*await self.redis.keys(f"line:{{{service.id}}}:*"))


@asynccontextmanager
async def a_corner(database: Database, redis_url: str, *, redis_away: bool = False) -> AsyncIterator[Corner]:
    """Two processes. ``redis_away``: neither finds a Redis."""
    redis = connect(redis_url)
    seen = connect(NOBODY, timeout_ms=200) if redis_away else redis
    clock = FixedClock(datetime(2026, 7, 1, 10, tzinfo=UTC))
    tokens, live = Tokens(database, clock), LiveFields(RING)
    await tokens.prepare()
    processes = [Numbering(tokens, Numbers(seen, Breaker(seconds=3600)), live, clock) for _ in range(2)]
    try:
        yield Corner(database, redis, clock, tokens, processes[0], processes)
    finally:
        await redis.aclose()
        if redis_away:
            await seen.aclose()


def a_service(timezone: str = "Europe/Vienna") -> Service:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Service(
        id=new_id("svc"),
        slug="bakery",
        name="Bakery",
        description="",
        timezone=timezone,
        average_minutes=5,
        verify="alias",
        remote_join=True,
        state="open",
        version=1,
        created_at=at,
    )


def a_draft(
    service: Service,
    at: datetime,
    alias: str = "",
    contact: Contact | None = None,
    place: int | None = None,
) -> Token:
    token_id = new_id("tok")
    return Token(
        id=token_id,
        service_id=service.id,
        day="",
        number=0,
        status="waiting",
        joined_at=at,
        alias=alias,
        secret_id=token_id,
        grant=Grant(1),
        version=1,
        created_at=at,
        contact=contact,
        place=place,
    )


def _tell(token: Token) -> list[Message]:
    return [told(token, None, "waiting", "joined")]
