"""Ticket types as a request wants them, matched with those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.catalogue.models import Event, TicketType
from app.catalogue.rules import Loc, invalid
from app.catalogue.schemas import TicketTypeBody, TicketTypeChanges
from app.core.ids import derived_id

SEATED_CAPACITY = "A seated ticket type has no capacity of its own"


@dataclass(frozen=True, slots=True)
class Wish:
    """``capacity`` is None where the request does not speak of it."""

    index: int
    id: str
    known: TicketType | None
    capacity: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.fields["name"] if "name" in self.fields or not self.known else self.known.name)

    @property
    def loc(self) -> Loc:
        return ("ticket_types", self.index)


def unchanged(event: Event) -> list[Wish]:
    return [Wish(index, kind.id, kind) for index, kind in enumerate(event.ticket_types)]


def match(event: Event, wanted: Sequence[TicketTypeBody | TicketTypeChanges]) -> list[Wish]:
    """By id where one is given, else by name among the types that no other item names by id."""
    ids = {one.id for one in wanted if isinstance(one, TicketTypeChanges) and one.id}
    by_name = {kind.name: kind for kind in event.ticket_types if kind.id not in ids}
    wishes = [_match(event, by_name, index, one) for index, one in enumerate(wanted)]
    seen: set[str] = set()
    for wish in wishes:
        if wish.id in seen:
            raise invalid(wish.loc, "This ticket type stands twice in the list")
        seen.add(wish.id)
    return wishes


def settle(wish: Wish, seats: int | None) -> TicketType:
    """The type before anything of it was sold. ``seats`` is None for a type without seats."""
    kind = _with_fields(wish)
    if seats is not None:
        refuse_capacity(wish)
        return replace(kind, seated=True, capacity=seats, size=seats)
    places = wish.capacity or (wish.known.capacity if wish.known and not wish.known.seated else None)
    if places is None:
        raise invalid((*wish.loc, "capacity"), "A ticket type without seats needs a capacity", "missing")
    return replace(kind, seated=False, capacity=places, size=places)


def grow(wish: Wish, known: TicketType, seats: int | None) -> TicketType:
    """A published type: its units stay, and more may come. Fewer places are for blocks to claim."""
    kind = _with_fields(wish)
    if known.seated:
        refuse_capacity(wish)
        return replace(kind, size=seats or 0)
    more = max(0, (wish.capacity or 0) - known.capacity)
    return replace(kind, size=known.size + more, capacity=known.capacity + more)


def refuse_capacity(wish: Wish) -> None:
    if wish.capacity is not None:
        raise invalid((*wish.loc, "capacity"), SEATED_CAPACITY)


def _match(
    event: Event, by_name: dict[str, TicketType], index: int, one: TicketTypeBody | TicketTypeChanges
) -> Wish:
    given = {name: getattr(one, name) for name in one.model_fields_set}
    wanted_id = given.pop("id", None)
    capacity = given.pop("capacity", None)
    known = event.ticket_type(wanted_id) if wanted_id else by_name.get(given.get("name", ""))
    if known:
        return Wish(index, known.id, known, capacity, given)
    if wanted_id:
        raise invalid(("ticket_types", index, "id"), "No ticket type of this event")
    for name in ("name", "price"):
        if name not in given:
            raise invalid(("ticket_types", index, name), "A new ticket type needs this", "missing")
    # The version keeps a new type apart from an older one that once had its name.
    new_id = derived_id("tt", event.id, event.version, given["name"])
    return Wish(index, new_id, None, capacity, given)


def _with_fields(wish: Wish) -> TicketType:
    if wish.known:
        return replace(wish.known, **wish.fields)
    return TicketType(id=wish.id, capacity=0, size=0, **wish.fields)
