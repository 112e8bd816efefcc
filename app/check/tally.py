"""Who claims what, counted while the orders pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.check.books import Document

UNPAID = ("offered", "pending", "expiring")
Owners = dict[str, dict[str, str]]
"""Event -> what is claimed -> the order that came first."""


class Clash(NamedTuple):
    """Two live orders claim one thing."""

    field: str
    event_id: str
    value: str
    first: str
    second: str


@dataclass
class Tally:
    units: Owners = field(default_factory=dict)
    slots: Owners = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    """Event -> units of orders that are not paid yet."""
    blocked: dict[str, set[str]] = field(default_factory=dict)
    """Event -> units of blocks."""
    clashes: list[Clash] = field(default_factory=list)
    orders: Counter[str] = field(default_factory=Counter)
    """By status; blocks apart."""

    def add(self, order: Document) -> None:
        event_id, order_id, kind = order["event_id"], order["_id"], str(order.get("kind"))
        claims = strings(order.get("claims"))
        self._enter("claims", self.units, event_id, claims, order_id)
        self._enter("limits", self.slots, event_id, strings(order.get("limits")), order_id)
        if kind == "block":
            self.blocked.setdefault(event_id, set()).update(claims)
        elif order["status"] in UNPAID:
            self.held.setdefault(event_id, set()).update(claims)
        self.orders[order["status"] if kind == "sale" else kind] += 1

    def _enter(self, name: str, where: Owners, event_id: str, values: Iterable[str], order_id: str) -> None:
        known = where.setdefault(event_id, {})
        for value in values:
            first = known.setdefault(value, order_id)
            if first != order_id:
                self.clashes.append(Clash(name, event_id, value, first, order_id))


def strings(value: Any) -> list[str]:
    """The strings in what should be a list of strings; anything else there is a rule's business."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
