"""Demo events: one with seats, one with general admission, one free."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from app.bootstrap import Services
from app.catalogue.models import Event
from app.catalogue.schemas import EventBody, RowBody, SeatingBody, SectionBody, TicketTypeBody
from app.core.pagination import PageRequest
from app.seed.seeder import SEEDER

LEAST_AHEAD = timedelta(days=30)
AHEAD = timedelta(days=90)
PAGE = 200


async def seed_events(services: Services) -> list[Event]:
    """All published and at least 30 days ahead. One that comes nearer gets a successor."""
    now = services.engines.clock.now()
    known = {event.name: event async for event in _upcoming(services, now + LEAST_AHEAD)}
    starts_at = (now + AHEAD).replace(hour=19, minute=0, second=0, microsecond=0)
    return [await _present(services, body, known.get(body.name)) for body in _bodies(starts_at)]


async def _present(services: Services, body: EventBody, known: Event | None) -> Event:
    """The key makes one event of several seeders at once; publishing again changes nothing."""
    editor = services.sales.editor
    if known is None:
        key = f"demo-{body.name.lower().replace(' ', '-')}-{body.starts_at:%Y-%m-%d}"
        known = (await editor.create(body, SEEDER, key)).value
    return (await editor.publish(known.id, SEEDER, None)).value


async def _upcoming(services: Services, starts_from: datetime) -> AsyncIterator[Event]:
    """Drafts too: a seeder that stopped half-way left one."""
    after = ""
    while True:
        page = PageRequest(PAGE, after)
        events = await services.sales.catalogue.list(page, staff=True, starts_from=starts_from)
        for event in events:
            if event.created_by == SEEDER.key and event.status != "cancelled":
                yield event
        if len(events) < PAGE:
            return
        after = events[-1].id


def _bodies(starts_at: datetime) -> list[EventBody]:
    return [_festival(starts_at), _theatre(starts_at), _rehearsal(starts_at)]


def _festival(starts_at: datetime) -> EventBody:
    return EventBody(
        name="Harbour Festival",
        description="Three stages by the water. General admission.",
        venue="Old Harbour, Hamburg",
        starts_at=starts_at,
        timezone="Europe/Berlin",
        currency="EUR",
        ticket_types=[
            TicketTypeBody(name="Day ticket", price=4500, capacity=500),
            TicketTypeBody(name="Late entry", price=2500, capacity=200, max_per_order=4),
        ],
    )


def _theatre(starts_at: datetime) -> EventBody:
    return EventBody(
        name="The Night Train",
        description="A play in two acts. Numbered seats.",
        venue="Small Theatre, Vienna",
        starts_at=starts_at + timedelta(days=1),
        timezone="Europe/Vienna",
        currency="EUR",
        ticket_types=[
            TicketTypeBody(name="Stalls", price=6000),
            TicketTypeBody(name="Balcony", price=3500),
        ],
        seating=SeatingBody(sections=[_section("Stalls", "ABCDEFGH", 16), _section("Balcony", "AB", 20)]),
        max_per_customer=6,
    )


def _rehearsal(starts_at: datetime) -> EventBody:
    return EventBody(
        name="Open Rehearsal",
        description="Free of charge, so a booking is confirmed at once.",
        venue="Concert Hall, Graz",
        starts_at=starts_at + timedelta(days=2),
        timezone="Europe/Vienna",
        currency="EUR",
        ticket_types=[TicketTypeBody(name="Free seat", price=0, capacity=100)],
    )


def _section(name: str, rows: str, seats: int) -> SectionBody:
    return SectionBody(name=name, ticket_type=name, rows=[RowBody(name=row, seats=seats) for row in rows])
