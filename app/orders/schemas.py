"""Orders as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from app.catalogue.schemas import TypeAvailability
from app.core.schemas import Amount, Body, Email, Integer, MoneyOut, Name, Phone, Time
from app.orders.basket import Line
from app.orders.models import Status, TicketStatus

Quantity = Annotated[Integer, Field(ge=1, le=1000)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
SeatId = Annotated[str, Field(min_length=1, max_length=600)]
ProviderName = Annotated[str, Field(min_length=1, max_length=32, pattern="^[a-z]+$")]


class PlacesBody(Body):
    """Any places of a type that is not seated."""

    ticket_type_id: Id
    quantity: Quantity

    def line(self) -> Line:
        return Line(ticket_type_id=self.ticket_type_id, quantity=self.quantity)


class SeatBody(Body):
    """One seat, by the id that ``/events/{id}/seats`` gives it."""

    seat_id: SeatId

    def line(self) -> Line:
        return Line(seat_id=self.seat_id)


class CustomerBody(Body):
    name: Name
    email: Email
    phone: Phone | None = None


class BookingBody(Body):
    items: Annotated[list[PlacesBody | SeatBody], Field(min_length=1, max_length=100)]
    provider: ProviderName | None = None
    customer: CustomerBody | None = None
    client_secret: Annotated[bool, Field(strict=True)] = False


class RetryBody(Body):
    provider: ProviderName
    client_secret: Annotated[bool, Field(strict=True)] = False


class RefundBody(Body):
    """``tickets`` or ``amount`` or neither: everything that is left."""

    tickets: Annotated[list[Id], Field(min_length=1, max_length=1000)] | None = None
    amount: Annotated[Amount, Field(ge=1)] | None = None
    reason: Name = "requested"

    @model_validator(mode="after")
    def _one_of(self) -> RefundBody:
        if self.tickets is not None and self.amount is not None:
            raise ValueError("give tickets or an amount, not both")
        if self.tickets is not None and len(set(self.tickets)) != len(self.tickets):
            raise ValueError("a ticket stands twice")
        return self


class ItemOut(BaseModel):
    ticket_type_id: str
    name: str
    quantity: int
    unit_price: MoneyOut
    seat_ids: list[str]


class TicketOut(BaseModel):
    """``code`` admits its bearer; only the order's holder sees it, and only while it is valid."""

    id: str
    unit: str
    ticket_type_id: str
    status: TicketStatus
    code: str | None


class PaymentOut(BaseModel):
    """``status``: unopened, opening, open, failed (the last attempt was), captured, closed, refunded or
    quarantined.
    """

    provider: str
    status: str
    checkout_url: str | None = None
    client_secret: str | None = None


class RefundOut(BaseModel):
    id: str
    amount: MoneyOut
    reason: str
    status: Literal["owed", "done", "failed"]


class HistoryOut(BaseModel):
    at: Time
    from_: Annotated[Status | None, Field(serialization_alias="from")]
    to: Status
    cause: str
    by: str


class OrderOut(BaseModel):
    """``secret`` is given once, to a guest, with the answer to the booking (and to its replays)."""

    id: str
    code: str
    event_id: str
    status: Status
    items: list[ItemOut]
    units: list[str]
    total: MoneyOut
    created_at: Time
    expires_at: Time | None
    payment: PaymentOut | None
    tickets: list[TicketOut]
    refunds: list[RefundOut]
    history: list[HistoryOut]
    version: int
    secret: str | None = None


class RevenueOut(BaseModel):
    captured: MoneyOut
    refunded: MoneyOut


class StatsOut(BaseModel):
    """Places held and sold now, and the money of all time, one entry for each currency."""

    as_of: str
    sold: int
    held: int
    revenue: list[RevenueOut]


class EventStatsOut(StatsOut):
    ticket_types: list[TypeAvailability]
