"""What a customer asks for, priced: pure arithmetic over an event as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.catalogue.models import Event, TicketType
from app.core.errors import Invalid
from app.core.money import MAX_AMOUNT, Money
from app.orders.errors import EventCancelled, LimitExceeded, NotOnSale
from app.orders.models import Item
from app.stock.models import Want


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the request: some places of a type, or one seat by its id."""

    ticket_type_id: str | None = None
    quantity: int = 0
    seat_id: str | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    items: tuple[Item, ...]
    total: Money

    @property
    def quantity(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def wants(self) -> tuple[Want, ...]:
        return tuple(item.want for item in self.items)


def fill(event: Event, lines: Sequence[Line], now: datetime, max_places: int) -> Basket:
    """Prices the lines. Raises Invalid, NotOnSale, EventCancelled, LimitExceeded."""
    if event.status == "cancelled":
        raise EventCancelled
    if event.status != "published" or event.starts_at <= now:
        raise NotOnSale
    places, seats = _collected(event, lines)
    items = tuple(_item(event, type_id, places, seats) for type_id in [*places, *seats])
    for item in items:
        _check(event.ticket_type(item.ticket_type_id), item, now)
    basket = Basket(items, _total(event, items))
    if basket.quantity > max_places:
        raise LimitExceeded(limit=max_places, scope="order")
    if event.max_per_customer is not None and basket.quantity > event.max_per_customer:
        raise LimitExceeded(limit=event.max_per_customer, scope="customer")
    return basket


def _collected(event: Event, lines: Sequence[Line]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Lines of one type are one item: places by type, and seats by type."""
    places: dict[str, int] = {}
    seats: dict[str, list[str]] = {}
    for index, line in enumerate(lines):
        if line.seat_id is not None:
            unit = f"s/{line.seat_id}"
            type_id = event.plan.seat_types.get(unit)
            if type_id is None:
                raise _wrong(index, "seat_id", "unknown_seat")
            if unit in seats.setdefault(type_id, []):
                raise _wrong(index, "seat_id", "duplicate_seat")
            seats[type_id].append(unit)
            continue
        kind = event.ticket_type(line.ticket_type_id or "")
        if kind is None:
            raise _wrong(index, "ticket_type_id", "unknown_ticket_type")
        if kind.seated:
            raise _wrong(index, "ticket_type_id", "choose_seats")
        places[kind.id] = places.get(kind.id, 0) + line.quantity
    return places, seats


def _item(event: Event, type_id: str, places: dict[str, int], seats: dict[str, list[str]]) -> Item:
    kind = event.ticket_type(type_id)
    assert kind is not None
    chosen = tuple(seats.get(type_id, ()))
    return Item(type_id, kind.name, len(chosen) or places[type_id], kind.price, chosen)


def _check(kind: TicketType | None, item: Item, now: datetime) -> None:
    assert kind is not None
    if not kind.on_sale(now):
        raise NotOnSale(ticket_type_id=kind.id)
    if kind.max_per_order is not None and item.quantity > kind.max_per_order:
        raise LimitExceeded(limit=kind.max_per_order, scope="order", ticket_type_id=kind.id)


def _total(event: Event, items: Sequence[Item]) -> Money:
    amount = sum(item.unit_price * item.quantity for item in items)
    if amount > MAX_AMOUNT:
        raise LimitExceeded(scope="amount", limit=MAX_AMOUNT)
    return Money(amount, event.currency)


def _wrong(index: int, name: str, what: str) -> Invalid:
    message = what.replace("_", " ")
    return Invalid(message, errors=[{"loc": ["body", "items", index, name], "msg": message, "type": what}])
