"""A request to book, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.accounts.models import Contact
from app.orders.basket import Line
from app.orders.models import Order


@dataclass(frozen=True, slots=True)
class Booking:
    """A request to book, shape-checked. ``caller`` names whose limits and keys count.

    ``address`` is the network address whose guests are counted together; empty: they are not.
    """

    event_id: str
    lines: tuple[Line, ...]
    caller: str
    owner: str | None
    email_hash: str
    contact: Contact | None
    provider: str | None
    client_secret: bool = False
    key: str | None = None
    body_hash: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Booked:
    order: Order
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class SalesRules:
    max_places: int
    bookings_per_minute: int
    bookings_address_per_minute: int
