"""Events: shows people attend, and what is sold for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from app.catalogue import seating
from app.catalogue.seating import Seating
from app.stock.models import Plan, Pool

EventStatus = Literal["draft", "published", "cancelled"]


@dataclass(frozen=True, slots=True)
class TicketType:
    """``size`` counts the units ever made and never shrinks once published; ``capacity`` those for sale."""

    id: str
    name: str
    price: int
    capacity: int
    size: int
    seated: bool = False
    max_per_order: int | None = None
    sales_start: datetime | None = None
    sales_end: datetime | None = None

    def on_sale(self, at: datetime) -> bool:
        begun = self.sales_start is None or self.sales_start <= at
        return begun and (self.sales_end is None or at < self.sales_end)


@dataclass(frozen=True)
class Event:
    """``version`` rises with every change. Without slots, so that the plan is made once."""

    id: str
    name: str
    description: str
    venue: str
    starts_at: datetime
    ends_at: datetime | None
    timezone: str
    currency: str
    ticket_types: tuple[TicketType, ...]
    seating: Seating
    hold_minutes: int
    max_per_customer: int | None
    refund_until: datetime | None
    status: EventStatus
    version: int
    created_by: str
    created_at: datetime

    @cached_property
    def plan(self) -> Plan:
        """All units of this version. For a draft: those it would have if published now."""
        seats = seating.units_by_type(self.seating)
        return Plan.of(
            self.id,
            self.version,
            (Pool(kind.id, kind.size, seats[kind.id] if kind.seated else None) for kind in self.ticket_types),
        )

    @cached_property
    def seats(self) -> int:
        return seating.total(self.seating)

    def ticket_type(self, ticket_type_id: str) -> TicketType | None:
        return next((kind for kind in self.ticket_types if kind.id == ticket_type_id), None)

    def moved(self, to: EventStatus) -> Event:
        return replace(self, status=to)

    def recounted(self, blocked: Mapping[str, int]) -> Event:
        """Capacity and open seats follow from what blocks claim; this is the only rule for both.

        ``blocked`` names places by ticket type and seats by unit, as stock does.
        """
        plan = seating.recounted(self.seating, blocked)
        open_seats: dict[str, int] = {}
        for section in plan:
            here = sum(row.open for row in section.rows)
            open_seats[section.ticket_type_id] = open_seats.get(section.ticket_type_id, 0) + here
        kinds = tuple(
            replace(
                kind,
                capacity=open_seats[kind.id] if kind.seated else kind.size - blocked.get(kind.id, 0),
            )
            for kind in self.ticket_types
        )
        return replace(self, seating=plan, ticket_types=kinds)
