"""A charge as the sandbox's ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.core.money import Money
from app.payments.providers.base import Reading, RefundReading, Session
from app.payments.providers.sandbox.faults import Faults

ACCOUNT = "sandbox"
State = Literal["open", "failed", "captured", "closed"]
Outcome = Literal["paid", "declined", "failed"]
"""What the payer did: paid; was declined and may try again; or failed for good."""
EventType = Literal["payment.captured", "payment.declined", "payment.closed", "payment.refunded"]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    at: datetime
    before: State
    after: State
    event_type: EventType | None
    event_id: str
    """The webhook's id; the same on every redelivery."""


@dataclass(frozen=True, slots=True)
class LedgerCharge:
    ref: str
    payment_id: str
    order_id: str
    description: str
    total: Money
    mode: Literal["page", "client_secret"]
    return_url: str
    expires_at: datetime
    state: State
    captured: Money | None
    captured_at: datetime | None
    refunds: tuple[RefundReading, ...]
    faults: Faults | None
    history: tuple[HistoryEntry, ...]

    def reading(self) -> Reading:
        return Reading(
            ref=self.ref,
            payment_id=self.payment_id,
            state=self.state,
            captured=self.captured,
            account=ACCOUNT,
            live=False,
            refunds=self.refunds,
        )

    def refund(self, refund_id: str) -> RefundReading | None:
        return next((refund for refund in self.refunds if refund.refund_id == refund_id), None)

    def session(self, page_url: str) -> Session:
        if self.mode == "page":
            return Session(ref=self.ref, url=page_url)
        # Whoever knows the reference may pay in the sandbox, so this secret guards nothing.
        return Session(ref=self.ref, client_secret=f"{self.ref}_secret")
