"""Orders: their states, and what is true of one without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.accounts.models import Contact
from app.core.ids import booking_code, derived_id
from app.core.money import Money
from app.core.security import Grant
from app.stock.models import Want

Document = dict[str, Any]

Status = Literal["offered", "pending", "expiring", "confirmed", "failed", "expired", "cancelled"]
TicketStatus = Literal["valid", "listed", "refunding", "refunded", "transferred", "admitted"]

Mode = Literal["page", "client_secret"]

LIVE: frozenset[Status] = frozenset({"offered", "pending", "expiring", "confirmed"})
ENDED: frozenset[Status] = frozenset({"failed", "expired", "cancelled"})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    "offered": frozenset({"pending", "expired", "cancelled"}),
    "pending": frozenset({"confirmed", "expiring", "expired", "failed", "cancelled"}),
    "expiring": frozenset({"confirmed", "expired", "failed", "cancelled"}),
    "confirmed": frozenset({"cancelled"}),
    "expired": frozenset({"confirmed"}),
    "failed": frozenset({"confirmed"}),
    "cancelled": frozenset(),
}
"""``expired`` and ``failed`` lead to ``confirmed`` only by claiming units again."""


@dataclass(frozen=True, slots=True)
class Item:
    """``quantity`` places of one type; ``seats`` names them where they have names."""

    ticket_type_id: str
    name: str
    quantity: int
    unit_price: int
    seats: tuple[str, ...] = ()

    @property
    def want(self) -> Want:
        """What to ask of stock: exactly these seats, or any places of the type."""
        if self.seats:
            return Want(self.ticket_type_id, seats=self.seats)
        return Want(self.ticket_type_id, quantity=self.quantity)


@dataclass(frozen=True, slots=True)
class Ticket:
    id: str
    unit: str
    ticket_type_id: str
    price: int
    status: TicketStatus
    grant: Grant


@dataclass(frozen=True, slots=True)
class Checkout:
    """The order's current attempt to be paid. ``opened``: a session at the provider may exist.

    ``replaced``: we are closing it to make room for the next, so its end is not the order's.
    """

    provider: str
    n: int
    mode: Mode
    opened: datetime | None = None
    replaced: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundDue:
    """Money the order owes back, until the provider has paid it."""

    id: str
    payment_id: str
    amount: int
    reason: str
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    event_id: str
    status: Status
    items: tuple[Item, ...]
    units: tuple[str, ...]
    claims: tuple[str, ...]
    limits: tuple[str, ...]
    total: Money
    version: int
    created_at: datetime
    caller: str
    owner: str | None
    contact: Contact | None
    grant: Grant
    deadline: datetime | None = None
    checkout: Checkout | None = None
    paid_by: str | None = None
    expiring_to: Status | None = None
    tickets: tuple[Ticket, ...] = ()
    refunds_due: tuple[RefundDue, ...] = ()
    refused: tuple[str, ...] = ()
    """Payments whose money goes back: decided here, so that no other step can confirm by them."""
    history: tuple[Document, ...] = ()
    idem: Document = field(default_factory=dict)

    @property
    def code(self) -> str:
        return booking_code(self.id)

    @property
    def opened(self) -> bool:
        return self.checkout is not None and self.checkout.opened is not None

    @property
    def replacing(self) -> bool:
        """Its session is being closed because the buyer wants to pay in another way."""
        return self.checkout is not None and self.checkout.replaced is not None

    def used_key(self, key: str) -> bool:
        """Whether an action with this idempotency key is in the history."""
        return any(entry.get("key") == key for entry in self.history)


def guest_caller(email_hash: str) -> str:
    """What ``caller`` says of whoever books without an account."""
    return f"guest:{email_hash}"


def may_move(order: Order, to: Status) -> bool:
    return to in TRANSITIONS[order.status]


def issue_tickets(
    order_id: str, items: Iterable[Item], units: Iterable[str], grant: Grant
) -> tuple[Ticket, ...]:
    """One ticket for each unit. Units come in the order of the items, as stock gave them."""
    remaining = iter(units)
    return tuple(
        Ticket(
            id=derived_id("tkt", order_id, unit),
            unit=unit,
            ticket_type_id=item.ticket_type_id,
            price=item.unit_price,
            status="valid",
            grant=grant,
        )
        for item in items
        for unit in (next(remaining) for _ in range(item.quantity))
    )
