"""Paying at the very moment the hold ends: tickets or one refund, never both and never neither.

Deadlines are moved in the documents. Payers, sweeps, fences and webhooks, each several times over, do
what they do at the same time; a share of the sessions takes money even after it was closed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import pytest

from app.accounts.models import Contact
from app.bootstrap import Services, build
from app.catalogue.models import Event
from app.core.errors import Problem
from app.core.mongo import Database
from app.core.security import hash_email
from app.orders.basket import Line
from app.orders.booking import Booking
from app.orders.models import Order
from app.payments.providers.base import ProviderRefused, Reading
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from app.stock.errors import SoldOut
from tests.faults.house import Place, dropped, published
from tests.faults.invariants import violations
from tests.faults.rounds import settled
from tests.faults.tally import Ends, ends

Pace = Literal["in time", "at the deadline", "at the fence", "too late", "when closed", "sold out"]
"""When somebody pays: early, as time runs out, as the session is being closed, after that (and is refused, or
has a provider that breaks its promise), or when all is sold."""

RACES = 1000
PATIENCE = 300.0
BATCH = 50
PACES: tuple[Pace, ...] = (
    *("in time", "in time", "at the deadline", "at the deadline", "at the deadline"),
    *("at the fence", "too late", "when closed", "when closed", "sold out"),
)
LATE: tuple[Pace, ...] = ("when closed", "sold out")
QUIET = Faults(lose=1.0)
BREAKS_ITS_PROMISE = Faults(lose=1.0, captures_when_closed=True)


@dataclass(frozen=True)
class Racer:
    order_id: str
    ref: str
    pace: Pace


class Race:
    """Two installations on one database, as two processes would be, and the racers."""

    def __init__(self, place: Place, first: Services, second: Services, *, webhooks: bool) -> None:
        self.place = place
        self.services = first
        self._both = (first, second)
        self._webhooks = webhooks

    @property
    def database(self) -> Database:
        return self.services.engines.mongo.database

    async def run(self, races: int) -> Ends:
        for _ in range(0, races, BATCH):
            await self._batch(await self._event())
        await settled(self.services)
        return await ends(self.database)

    async def _event(self) -> Event:
        standing = {"name": "Standing", "price": 2500, "capacity": BATCH}
        return await published(self.services, ticket_types=[standing], seating=None)

    async def _batch(self, event: Event) -> None:
        paces = [PACES[n % len(PACES)] for n in range(BATCH)]
        racers = await asyncio.gather(*(self._opened(event, pace) for pace in paces))
        await asyncio.gather(*(self._taken(racer) for racer in racers if racer.pace == "in time"))
        now = self.services.engines.clock.now()
        left = [random.uniform(-1, 1) for _ in racers]
        for racer, seconds in zip(racers, left, strict=True):
            deadline = now + timedelta(seconds=seconds)
            moved = {"deadline": deadline, "check_at": deadline}
            await self.database["orders"].update_one({"_id": racer.order_id}, {"$set": moved})
        over = asyncio.Event()
        gone = (self.services.engines.clock.now() - now).total_seconds()
        beside = [asyncio.create_task(self._sweep(services, over)) for services in self._both]
        beside.append(asyncio.create_task(self._snatch(event, over)))
        waits = [seconds - gone + random.uniform(-0.1, 0.3) for seconds in left]
        last = [racer for racer in racers if racer.pace == "sold out"]
        await asyncio.gather(*(self._pay(r, w) for r, w in zip(racers, waits, strict=True) if r not in last))
        await asyncio.gather(*map(self._has_ended, last))
        over.set()
        await asyncio.gather(*beside)
        await self._sell_out(event)
        await asyncio.gather(*(self._pay(racer, 0) for racer in last))

    async def _opened(self, event: Event, pace: Pace) -> Racer:
        order = await self._booked(event)
        order, session = await self.services.sales.checkout.open(order.id)
        if self._webhooks and pace in LATE:
            await _sandbox(self.services).set_faults(BREAKS_ITS_PROMISE, session.ref)
        return Racer(order.id, session.ref, pace)

    async def _booked(self, event: Event) -> Order:
        email = f"{random.getrandbits(64):x}@example.com"
        hashed = hash_email(email)
        booking = Booking(
            event_id=event.id,
            lines=(Line(ticket_type_id=event.ticket_types[0].id, quantity=1),),
            caller=f"guest:{hashed}",
            owner=None,
            email_hash=hashed,
            contact=Contact("Ann", email, None),
            provider="sandbox",
        )
        return (await self.services.sales.holds.book(booking)).order

    async def _snatch(self, event: Event, over: asyncio.Event) -> None:
        """Others want the places that come free, so that late money does not always find them."""
        while not over.is_set():
            await self._sell_out(event, over)
            await asyncio.sleep(0.01)

    async def _sell_out(self, event: Event, over: asyncio.Event | None = None) -> None:
        with suppress(SoldOut):
            while over is None or not over.is_set():
                await self._booked(event)

    async def _pay(self, racer: Racer, wait: float) -> None:
        """Pays at the racer's pace; the provider tells both processes, and one of them twice."""
        if racer.pace in ("in time", "at the deadline"):
            await asyncio.sleep(wait)
        elif racer.pace == "at the fence":
            await self._has_left(racer, "pending")
        else:
            await self._has_ended(racer)
        if racer.pace != "in time" and not await self._taken(racer):
            return
        told = [*self._both, random.choice(self._both)] if self._webhooks else []
        await asyncio.gather(*(self._heard(services, racer.ref) for services in told))

    async def _taken(self, racer: Racer) -> bool:
        try:
            await _sandbox(self.services).settle(racer.ref, "paid")
        except ProviderRefused:
            return False
        return True

    async def _has_ended(self, racer: Racer) -> None:
        await self._has_left(racer, "pending", "expiring")

    async def _has_left(self, racer: Racer, *statuses: str) -> None:
        """Waited for by its condition: how soon a sweep comes depends on the machine."""
        query = {"_id": racer.order_id, "status": {"$in": list(statuses)}}
        async with asyncio.timeout(PATIENCE):
            while await self.database["orders"].find_one(query, {"_id": 1}):  # noqa: ASYNC110 — no event to offer.
                await asyncio.sleep(0.005)

    async def _heard(self, services: Services, ref: str) -> None:
        await asyncio.sleep(random.uniform(0, 0.05))
        try:
            await services.sales.settlement.by_ref("sandbox", ref)
        except Problem:
            return  # The sweep or another delivery goes on from here.

    async def _sweep(self, services: Services, over: asyncio.Event) -> None:
        while not over.is_set():
            await services.sales.expiry.sweep()
            await services.sales.settlement.end_opened(BATCH)
            await asyncio.sleep(0.01)


class _Gullible(SandboxProvider):
    """Says that a session is closed and leaves it open."""

    async def close(self, ref: str) -> Reading:
        reading = await self.read(ref)
        return replace(reading, state="closed") if reading.state == "open" else reading


def without_fence(services: Services) -> SandboxProvider:
    settings, engines = services.engines.settings, services.engines
    secret = settings.payments.sandbox_webhook_secret.get_secret_value()
    url = settings.runtime.public_url
    return _Gullible(engines.mongo.database, engines.clock, public_url=url, webhook_secret=secret)


def _sandbox(services: Services) -> SandboxProvider:
    provider = services.sales.providers["sandbox"]
    assert isinstance(provider, SandboxProvider)
    return provider


@asynccontextmanager
async def race(place: Place, *, webhooks: bool = True, fence: bool = True) -> AsyncIterator[Race]:
    first, second = build(place.settings()), build(place.settings())
    await first.prepare()
    await second.engines.mongo.measure_clock(second.engines.clock)
    await _sandbox(first).set_faults(QUIET)
    if not fence:
        for services in (first, second):
            services.sales.providers["sandbox"] = without_fence(services)
    try:
        yield Race(place, first, second, webhooks=webhooks)
    finally:
        await dropped(place, first)
        await second.close()
        await first.close()


@pytest.fixture
def place(mongo_url: str, redis_url: str) -> Place:
    return Place.new(mongo_url, redis_url)


async def test_every_payment_ends_as_tickets_or_as_one_refund(place: Place) -> None:
    async with race(place) as races:
        found = await races.run(RACES)
        assert await violations(place, races.database) == []
    assert found.captured == found.tickets + found.refunded
    assert found.tickets > RACES / 10, found
    assert found.refunded > RACES / 100
    assert found.unpaid > RACES / 50
    assert found.late > RACES / 50


async def test_without_webhooks_the_fence_finds_the_money(place: Place) -> None:
    async with race(place, webhooks=False) as races:
        found = await races.run(BATCH)
        assert await violations(place, races.database) == []
    assert found.tickets


async def test_control_without_the_fence_money_is_lost(place: Place) -> None:
    """The same race must notice that closing no longer closes."""
    async with race(place, webhooks=False, fence=False) as races:
        await races.run(BATCH)
        broken = await violations(place, races.database)
    assert any("the provider says captured" in text for text in broken)
