"""What a request makes of an event. A draft is laid out anew; a published event keeps every promise.

Ids of units never change after publishing, and the number of units only grows: fewer places or seats
are named here and claimed by blocks in ``service/editor.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from app.catalogue import seating, wishes
from app.catalogue.errors import Fixed
from app.catalogue.models import Event, TicketType
from app.catalogue.rules import check, invalid
from app.catalogue.schemas import EventBody, EventChanges, SeatingBody, SectionBody
from app.catalogue.seating import Row, Seating, Section
from app.catalogue.wishes import Wish

_SIMPLE = (
    "name",
    "description",
    "venue",
    "starts_at",
    "ends_at",
    "timezone",
    "currency",
    "hold_minutes",
    "max_per_customer",
    "refund_until",
)
_NULLABLE = {"ends_at", "max_per_customer", "refund_until"}


@dataclass(frozen=True, slots=True)
class Revision:
    """``lowered``: capacities to go down to. ``closing``: seats to close. Both by ticket type."""

    event: Event
    lowered: Mapping[str, int] = field(default_factory=dict)
    closing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def first(self) -> Event:
        """As it is stored for the first time."""
        return replace(self.event, version=1)

    def changed(self, before: Event) -> tuple[str, ...]:
        """Names of the fields that differ."""
        names = [one.name for one in fields(Event)]
        differing = {name for name in names if getattr(self.event, name) != getattr(before, name)}
        differing |= ({"ticket_types"} if self.lowered else set()) | ({"seating"} if self.closing else set())
        return tuple(name for name in names if name in differing)


def blank(event_id: str, body: EventBody, *, hold_minutes: int, by: str, at: datetime) -> Event:
    """A draft without anything to sell, for ``revise`` to fill. Version 0 was never stored."""
    return Event(
        id=event_id,
        name=body.name,
        description=body.description,
        venue=body.venue,
        starts_at=body.starts_at,
        ends_at=None,
        timezone=body.timezone,
        currency=body.currency,
        ticket_types=(),
        seating=(),
        hold_minutes=hold_minutes,
        max_per_customer=None,
        refund_until=None,
        status="draft",
        version=0,
        created_by=by,
        created_at=at,
    )


def revise(event: Event, changes: EventBody | EventChanges) -> Revision:
    """Raises Invalid for what no event may be, Fixed for what a published one may no longer change."""
    given = {name: getattr(changes, name) for name in _SIMPLE if name in changes.model_fields_set}
    given = {name: value for name, value in given.items() if value is not None or name in _NULLABLE}
    types = (
        wishes.match(event, changes.ticket_types)
        if "ticket_types" in changes.model_fields_set
        else wishes.unchanged(event)
    )
    plan = changes.seating or SeatingBody(sections=[])
    wanted = _resolve(plan, types) if "seating" in changes.model_fields_set else None
    draft = event.status == "draft"
    revision = _lay_out(event, types, wanted) if draft else _extend(event, types, wanted)
    revised = replace(revision.event, **given)
    if not draft:
        _keep_promises(event, revised)
    check(revised)
    return replace(revision, event=revised)


def _resolve(plan: SeatingBody, types: list[Wish]) -> Seating:
    """Sections as wanted, with the ids of the types they name."""
    ids = {wish.id: wish.id for wish in types} | {wish.name: wish.id for wish in types}
    return tuple(_section(index, section, ids) for index, section in enumerate(plan.sections))


def _section(index: int, section: SectionBody, ids: Mapping[str, str]) -> Section:
    if section.ticket_type not in ids:
        loc = ("seating", "sections", index, "ticket_type")
        raise invalid(loc, "No ticket type of this event has this name")
    rows = tuple(Row(row.name, row.seats, row.seats) for row in section.rows)
    return Section(section.name, ids[section.ticket_type], rows)


def _lay_out(event: Event, types: list[Wish], wanted: Seating | None) -> Revision:
    plan = event.seating if wanted is None else wanted
    if {section.ticket_type_id for section in plan} - {wish.id for wish in types}:
        raise invalid(("ticket_types",), "The seating names a ticket type that is not in the list")
    seats = seating.made(plan)
    kinds = tuple(wishes.settle(wish, seats.get(wish.id)) for wish in types)
    return Revision(replace(event, ticket_types=kinds, seating=plan))


def _extend(event: Event, types: list[Wish], wanted: Seating | None) -> Revision:
    if {kind.id for kind in event.ticket_types} - {wish.id for wish in types}:
        raise Fixed("A ticket type of a published event cannot be removed; lower its capacity instead")
    plan = event.seating if wanted is None else _grown(event.seating, wanted)
    seats = seating.made(plan)
    kinds = tuple(_extended(wish, seats.get(wish.id)) for wish in types)
    lowered = {
        wish.id: wish.capacity
        for wish in types
        if wish.known and wish.capacity is not None and wish.capacity < wish.known.capacity
    }
    closing = {} if wanted is None else _closing(event.seating, wanted)
    return Revision(replace(event, ticket_types=kinds, seating=plan), lowered, closing)


def _extended(wish: Wish, seats: int | None) -> TicketType:
    if wish.known is None:
        return wishes.settle(wish, seats)
    if seats is not None and not wish.known.seated:
        raise Fixed("A published ticket type without seats cannot get any")
    return wishes.grow(wish, wish.known, seats)


def _grown(known: Seating, wanted: Seating) -> Seating:
    """Everything that was ever made, and what is new, in the order known first."""
    _refuse_repeats(wanted)
    new = {section.name: section for section in wanted}
    kept = tuple(_grown_section(section, new.pop(section.name, None)) for section in known)
    return kept + tuple(section for section in wanted if section.name in new)


def _grown_section(known: Section, wanted: Section | None) -> Section:
    if wanted is None:
        return known
    if wanted.ticket_type_id != known.ticket_type_id:
        raise Fixed(f"Section {known.name!r} is sold with another ticket type")
    new = {row.name: row for row in wanted.rows}
    kept = tuple(_grown_row(row, new.pop(row.name, None)) for row in known.rows)
    return replace(known, rows=kept + tuple(row for row in wanted.rows if row.name in new))


def _grown_row(known: Row, wanted: Row | None) -> Row:
    if wanted is None or wanted.seats <= known.open:
        return known
    if known.open < known.seats:
        raise Fixed(f"Closed seats of row {known.name!r} cannot be opened again")
    return replace(known, seats=wanted.seats, open=wanted.seats)


def _refuse_repeats(wanted: Seating) -> None:
    """Before names become keys: the second of two equal ones would be lost without a word."""
    names = [(section.name,) for section in wanted]
    rows = [(section.name, row.name) for section in wanted for row in section.rows]
    if len(set(names)) < len(names) or len(set(rows)) < len(rows):
        raise invalid(("seating", "sections"), "Two sections or two rows of one section share a name")


def _closing(known: Seating, wanted: Seating) -> dict[str, tuple[str, ...]]:
    """Seats for sale that the wanted plan lacks, by ticket type."""
    left = {(section.name, row.name): row.seats for section in wanted for row in section.rows}
    found: dict[str, list[str]] = {}
    for section in known:
        for row in section.rows:
            stays = left.get((section.name, row.name), 0)
            if stays < row.open:
                units = seating.row_units(section, replace(row, seats=row.open), stays + 1)
                found.setdefault(section.ticket_type_id, []).extend(units)
    return {type_id: tuple(units) for type_id, units in found.items()}


def _keep_promises(before: Event, after: Event) -> None:
    if after.currency != before.currency:
        raise Fixed("The currency of a published event cannot be changed")
    limit, new = before.max_per_customer, after.max_per_customer
    if new is not None and (limit is None or new < limit):
        raise Fixed("The limit per customer of a published event may only be raised or removed")
