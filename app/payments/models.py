"""A payment: one attempt of one order to be paid, and all that became of its money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.core.ids import derived_id
from app.core.money import Money

Document = dict[str, Any]

Status = Literal["opening", "open", "failed", "captured", "closed"]
"""``failed``: the last attempt was declined, the session may still be paid. ``closed``: never any more."""

Disposition = Literal["tickets", "refunded", "quarantined"]
"""What a captured payment's money became. Exactly one, set once."""

RefundState = Literal["owed", "done", "failed"]

UNPAID: tuple[Status, ...] = ("opening", "open", "failed")


@dataclass(frozen=True, slots=True)
class Refund:
    id: str
    amount: int
    reason: str
    state: RefundState


@dataclass(frozen=True, slots=True)
class Payment:
    id: str
    order_id: str
    event_id: str
    n: int
    provider: str
    mode: Literal["page", "client_secret"]
    status: Status
    expected: Money
    account: str
    live: bool
    version: int
    created_at: datetime
    description: str
    ref: str | None = None
    url: str | None = None
    captured: Money | None = None
    disposition: Disposition | None = None
    refunds: tuple[Refund, ...] = ()

    @property
    def refunded(self) -> int:
        """Refunded or reserved to be, in minor units."""
        return sum(refund.amount for refund in self.refunds if refund.state != "failed")

    @property
    def shown_status(self) -> str:
        if self.disposition == "quarantined":
            return "quarantined"
        if self.captured and self.refunded >= self.captured.amount > 0:
            return "refunded"
        return self.status


def payment_id(order_id: str, n: int) -> str:
    return derived_id("pay", order_id, n)


def refund_id(payment_id: str, reason: str, n: int | str) -> str:
    """At most one refund per (payment, reason, n)."""
    return derived_id("ref", payment_id, reason, n)


def parse(document: Document) -> Payment:
    captured = document.get("captured")
    return Payment(
        id=document["_id"],
        order_id=document["order_id"],
        event_id=document["event_id"],
        n=document["n"],
        provider=document["provider"],
        mode=document["mode"],
        status=document["status"],
        expected=Money(document["amount"], document["currency"]),
        account=document["account"],
        live=document["live"],
        version=document["version"],
        created_at=document["created_at"],
        description=document.get("description", ""),
        ref=document.get("ref"),
        url=document.get("url"),
        captured=Money(captured["amount"], captured["currency"]) if captured else None,
        disposition=document.get("disposition"),
        refunds=tuple(
            Refund(r["id"], r["amount"], r["reason"], r["state"]) for r in document.get("refunds", ())
        ),
    )
