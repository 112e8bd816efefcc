"""Invariant 3: nothing is held past its deadline, nothing that is owed is owed for long."""

from __future__ import annotations

from collections.abc import Iterator

from app.check.books import Books, Document
from app.check.finding import Finding

GRACE = 5.0
SLACK = 5.0
"""For a machine that is busy with something else."""
EXPIRING_SECONDS = 180.0
REFUND_SECONDS = 15 * 60.0
UNTOLD_SECONDS = 120.0


def no_hold_past_its_deadline(order: Document, books: Books) -> Iterator[Finding]:
    """Never opened: gone within 5 s. Opened: on its way out by then."""
    if order["status"] != "pending" or not books.older(order.get("deadline"), GRACE + SLACK):
        return
    late = books.age(order["deadline"]).total_seconds()
    yield Finding("hold_overdue", order["_id"], f"pending {late:.0f} s past its deadline")


def pending_has_deadline(order: Document, books: Books) -> Iterator[Finding]:
    """A hold without one would be for ever."""
    if order["status"] == "pending" and order.get("deadline") is None:
        yield Finding("hold_without_deadline", order["_id"], "pending without a deadline")
    if order["status"] == "expiring" and order.get("check_at") is None:
        yield Finding("expiring_unattended", order["_id"], "expiring, but no sweeper will look at it")


def expiring_ends(order: Document, books: Books) -> Iterator[Finding]:
    """The fence opens within 5 s of the provider's word; a provider that is away keeps it shut."""
    if order["status"] != "expiring":
        return
    closed = [
        books.ledger[payment["_id"]]["history"][-1]["at"]
        for payment in books.by_order.get(order["_id"], [])
        if books.ledger.get(payment["_id"], {}).get("state") == "closed"
        and payment["n"] == order.get("payment", {}).get("n")
    ]
    since = order["history"][-1]["at"]
    if closed and books.older(max([since, *closed]), GRACE + SLACK):
        yield Finding("expiring_too_long", order["_id"], "expiring, though its session is closed")
    elif books.older(since, EXPIRING_SECONDS):
        yield Finding("expiring_long", order["_id"], "expiring for minutes: is the provider away?", False)


def refunds_get_paid(order: Document, books: Books) -> Iterator[Finding]:
    if not order.get("refunds_due"):
        return
    if order.get("refund_at") is None:
        yield Finding("refund_unattended", order["_id"], "owes a refund, but no sweeper will look at it")
    elif books.older(order["history"][-1]["at"], REFUND_SECONDS):
        yield Finding("refund_owed_long", order["_id"], "owes a refund for more than 15 minutes")


def news_is_told(document: Document, books: Books) -> Iterator[Finding]:
    """Its outbox was emptied. Orders, payments and events alike."""
    waiting = [entry["at"] for entry in document.get("outbox") or []]
    if waiting and books.older(min(waiting), UNTOLD_SECONDS):
        late = books.age(min(waiting)).total_seconds()
        yield Finding("outbox_stuck", document["_id"], f"{len(waiting)} messages, for {late:.0f} s")
