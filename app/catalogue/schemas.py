"""What clients send and get. Cross-field rules live in ``rules.py``, because a PATCH needs them too."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import TypeAliasType

from app.catalogue.models import Event, EventStatus, TicketType
from app.catalogue.seating import open_only
from app.core.money import CURRENCIES
from app.core.schemas import Amount, Body, Integer, Moment, Name, Text, Time, TimeZone, omitted

MAX_TYPES = 100
MAX_CAPACITY = 1_000_000
MAX_ROW_SEATS = 10_000


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("not an ISO 4217 currency")
    return code


Currency = TypeAliasType(
    "Currency",
    Annotated[str, AfterValidator(_known_currency), Field(json_schema_extra={"enum": sorted(CURRENCIES)})],
)
"""Named, so that the OpenAPI document lists it once."""
PlaceName = Annotated[Name, Field(max_length=50)]
Capacity = Annotated[Integer, Field(ge=1, le=MAX_CAPACITY)]
Limit = Annotated[Integer, Field(ge=1, le=10_000)]
HoldMinutes = Annotated[Integer, Field(ge=1, le=60)]


class RowBody(Body):
    name: PlaceName
    seats: Annotated[Integer, Field(ge=1, le=MAX_ROW_SEATS)]


class SectionBody(Body):
    name: PlaceName
    ticket_type: Name = Field(description="Name or id of a ticket type of this event")
    rows: Annotated[list[RowBody], Field(min_length=1, max_length=5_000)]


class SeatingBody(Body):
    sections: Annotated[list[SectionBody], Field(max_length=500)]


class TicketTypeBody(Body):
    name: Name
    price: Amount = Field(description="Minor units of the event's currency")
    capacity: Capacity | None = Field(default=None, description="Absent for a seated type")
    max_per_order: Limit | None = None
    sales_start: Moment | None = None
    sales_end: Moment | None = None


class EventBody(Body):
    name: Name
    description: Text = ""
    venue: Annotated[Text, Field(max_length=500)] = ""
    starts_at: Moment
    ends_at: Moment | None = None
    timezone: TimeZone
    currency: Currency
    ticket_types: Annotated[list[TicketTypeBody], Field(min_length=1, max_length=MAX_TYPES)]
    seating: SeatingBody | None = None
    hold_minutes: HoldMinutes | None = None
    max_per_customer: Limit | None = None
    refund_until: Moment | None = None


class TicketTypeChanges(Body):
    """Matched by ``id``, else by ``name``; without a match it is a new type."""

    id: Annotated[str, Field(max_length=40)] = omitted()
    name: Name = omitted()
    price: Amount = omitted()
    capacity: Capacity | None = None
    max_per_order: Limit | None = None
    sales_start: Moment | None = None
    sales_end: Moment | None = None


class EventChanges(Body):
    """What is left out stays. ``ticket_types`` and ``seating`` are given whole."""

    version: Annotated[Integer, Field(ge=1)] | None = None
    name: Name = omitted()
    description: Text = omitted()
    venue: Annotated[Text, Field(max_length=500)] = omitted()
    starts_at: Moment = omitted()
    ends_at: Moment | None = None
    timezone: TimeZone = omitted()
    currency: Currency = omitted()
    ticket_types: Annotated[list[TicketTypeChanges], Field(min_length=1, max_length=MAX_TYPES)] = omitted()
    seating: SeatingBody | None = None
    hold_minutes: HoldMinutes = omitted()
    max_per_customer: Limit | None = None
    refund_until: Moment | None = None


class TicketTypeOut(BaseModel):
    id: str
    name: str
    price: int
    capacity: int
    seated: bool
    max_per_order: int | None
    sales_start: Time | None
    sales_end: Time | None

    @classmethod
    def of(cls, kind: TicketType) -> TicketTypeOut:
        return cls.model_validate(kind, from_attributes=True)


class RowOut(BaseModel):
    name: str
    seats: int


class SectionOut(BaseModel):
    name: str
    ticket_type: str
    rows: list[RowOut]


class SeatingOut(BaseModel):
    sections: list[SectionOut]

    @classmethod
    def of(cls, event: Event) -> SeatingOut | None:
        if not event.seating:
            return None
        names = {kind.id: kind.name for kind in event.ticket_types}
        return cls(
            sections=[
                SectionOut(
                    name=section.name,
                    ticket_type=names[section.ticket_type_id],
                    rows=[RowOut(name=row.name, seats=row.open) for row in section.rows],
                )
                for section in open_only(event.seating)
            ]
        )


class EventSummary(BaseModel):
    """An event in a list: everything but its seat plan."""

    id: str
    name: str
    description: str
    venue: str
    starts_at: Time
    ends_at: Time | None
    timezone: str
    currency: str
    ticket_types: list[TicketTypeOut]
    hold_minutes: int
    max_per_customer: int | None
    refund_until: Time | None
    status: EventStatus
    version: int
    created_at: Time

    @classmethod
    def of(cls, event: Event) -> EventSummary:
        return cls(**_common(event))


class EventOut(EventSummary):
    seating: SeatingOut | None

    @classmethod
    def of(cls, event: Event) -> EventOut:
        return cls(**_common(event), seating=SeatingOut.of(event))


def _common(event: Event) -> dict[str, Any]:
    fields = {name: getattr(event, name) for name in EventSummary.model_fields if name != "ticket_types"}
    return fields | {"ticket_types": [TicketTypeOut.of(kind) for kind in event.ticket_types]}


class TypeAvailability(BaseModel):
    id: str
    name: str
    capacity: int
    available: int
    held: int
    sold: int


class AvailabilityOut(BaseModel):
    event_id: str
    as_of: Time
    ticket_types: list[TypeAvailability]


class SeatOut(BaseModel):
    id: str
    ticket_type_id: str
    status: Literal["available", "held", "sold"]


class SeatsOut(BaseModel):
    seats: list[SeatOut]
