"""What orders tell: the streams ``orders`` and ``ticket_availability``.

Builders give plain data where a pipeline update fills in fields of each document by itself.
"""

from __future__ import annotations

from collections import Counter

from app.core.messages import Message
from app.orders.models import LIVE, Order, Status

ORDERS = "orders"
AVAILABILITY = "ticket_availability"


def availability_type(before: Status | None, after: Status) -> str | None:
    """What a move means for the places: locked, sold, unlocked, or nothing."""
    if after == "confirmed":
        return "tickets.sold"
    if after in ("pending", "offered") and before is None:
        return "tickets.locked"
    if after not in LIVE and (before is None or before in LIVE):
        return "tickets.unlocked"
    return None


def told(order: Order, before: Status | None, after: Status, units: tuple[str, ...]) -> list[Message]:
    """The messages of one move, written in the same update as the move itself."""
    data = {
        "order_id": order.id,
        "event_id": order.event_id,
        "code": order.code,
        "status": after,
        "units": list(units),
        "total": {"amount": order.total.amount, "currency": order.total.currency},
    }
    happened = f"order.{after}" if before != after else "order.updated"
    messages = [Message(ORDERS, happened, order.id, data)]
    availability = availability_type(before, after) if before != after else None
    if availability:
        messages.append(_availability(order, availability, after, units))
    return messages


def unlocked(order: Order, units: tuple[str, ...]) -> Message:
    """Some of an order's places came free while the order lives on."""
    return _availability(order, "tickets.unlocked", order.status, units)


def _availability(order: Order, type: str, status: Status, units: tuple[str, ...]) -> Message:
    seats = {seat: item.ticket_type_id for item in order.items for seat in item.seats}
    data = {
        "order_id": order.id,
        "event_id": order.event_id,
        "status": status,
        "units": list(units),
        "units_by_type": dict(Counter(seats.get(unit) or unit.split("/")[1] for unit in units)),
    }
    return Message(AVAILABILITY, type, order.id, data)
