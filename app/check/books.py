"""Everything the rules compare with each other, as one look found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from app.check.events import Event

Document = Mapping[str, Any]


class Brief(NamedTuple):
    """What payments want to know of an order."""

    status: str
    paid_by: str | None
    amount: int
    currency: str


@dataclass
class Books:
    """``now`` is the database's clock: deadlines are written in its time."""

    now: datetime
    events: Mapping[str, Event]
    payments: Mapping[str, Document]
    ledger: Mapping[str, Document]
    """The sandbox's charges, by payment."""
    services: Mapping[str, Document] = field(default_factory=dict)
    briefs: dict[str, Brief] = field(default_factory=dict)
    """Orders that have payments."""

    def __post_init__(self) -> None:
        self.by_order: dict[str, list[Document]] = {}
        for payment in self.payments.values():
            self.by_order.setdefault(payment["order_id"], []).append(payment)

    def age(self, at: datetime) -> timedelta:
        return self.now - at

    def older(self, at: datetime | None, seconds: float) -> bool:
        return at is not None and self.age(at) > timedelta(seconds=seconds)
