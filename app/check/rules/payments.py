"""Invariants 4 and 5: every captured cent became exactly one thing, and no more went back than came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app.check.books import Books, Document
from app.check.finding import Finding

OPEN_SECONDS = 60.0
"""A disposition needs nobody but ourselves, so a minute is long."""
REFUND_SECONDS = 15 * 60.0


def of_an_order(payment: Document, books: Books) -> Iterator[Finding]:
    order = books.briefs.get(payment["order_id"])
    if order is None:
        yield Finding("payment_without_order", payment["_id"], f"of {payment['order_id']}")
    elif (payment["amount"], payment["currency"]) != (order.amount, order.currency):
        yield Finding("payment_amount_wrong", payment["_id"], "asks for other than the order's total")


def captured_money_became_something(payment: Document, books: Books) -> Iterator[Finding]:
    disposition, captured = payment.get("disposition"), payment.get("captured")
    if (payment["status"] == "captured") != (captured is not None):
        yield Finding("capture_unclear", payment["_id"], f"{payment['status']} with captured = {captured}")
    elif captured is None:
        if disposition is not None:
            yield Finding("disposition_without_money", payment["_id"], str(disposition))
    elif disposition is None and books.older(captured["at"], OPEN_SECONDS):
        yield Finding("money_undecided", payment["_id"], "captured, and nothing became of it")
    elif disposition is None and payment.get("settle_at") is None:
        yield Finding("money_unattended", payment["_id"], "captured, but no sweeper will look at it")
    elif disposition not in (None, "tickets", "refunded", "quarantined"):
        yield Finding("disposition_unknown", payment["_id"], str(disposition))


def disposition_holds(payment: Document, books: Books) -> Iterator[Finding]:
    """Tickets: the order says so too. Refunded: all of it, and the order lives by other money."""
    order, disposition = books.briefs.get(payment["order_id"]), payment.get("disposition")
    if order is None or payment.get("captured") is None:
        return
    paid_by_this = order.paid_by == payment["_id"]
    if disposition == "tickets":
        if not paid_by_this or order.status not in ("confirmed", "cancelled"):
            yield Finding("money_without_tickets", payment["_id"], f"the order is {order.status}")
    elif disposition in ("refunded", "quarantined") and paid_by_this:
        yield Finding("money_twice", payment["_id"], f"{disposition}, and the order has its tickets")
    if disposition == "refunded" and _returned(payment) != payment["captured"]["amount"]:
        yield Finding("refund_incomplete", payment["_id"], f"{_returned(payment)} of {payment['captured']}")
    if disposition == "quarantined" and not payment.get("quarantine"):
        yield Finding("quarantine_unexplained", payment["_id"], "no reason given")


def mismatches_are_quarantined(payment: Document, books: Books) -> Iterator[Finding]:
    captured = payment.get("captured")
    if captured is None or payment.get("disposition") == "quarantined":
        return
    if (captured["amount"], captured["currency"]) != (payment["amount"], payment["currency"]):
        yield Finding("mismatch_accepted", payment["_id"], f"asked {payment['amount']}, got {captured}")


def refunds_within_capture(payment: Document, books: Books) -> Iterator[Finding]:
    refunds = payment.get("refunds", [])
    captured = (payment.get("captured") or {}).get("amount", 0)
    if _returned(payment) > captured:
        yield Finding("refunded_too_much", payment["_id"], f"{_returned(payment)} of {captured}")
    repeated = [one for one, times in Counter(refund["id"] for refund in refunds).items() if times > 1]
    if repeated:
        yield Finding("refund_repeated", payment["_id"], f"{repeated} stand more than once")
    if any(refund["amount"] <= 0 for refund in refunds):
        yield Finding("refund_of_nothing", payment["_id"], "a refund of zero or less")


def refunds_get_paid(payment: Document, books: Books) -> Iterator[Finding]:
    if not any(refund["state"] == "owed" for refund in payment.get("refunds", [])):
        return
    if payment.get("refund_at") is None:
        yield Finding("refund_unattended", payment["_id"], "owes a refund, but no sweeper will look at it")
    elif books.older(payment["history"][-1]["at"], REFUND_SECONDS):
        yield Finding("refund_owed_long", payment["_id"], "owes a refund for more than 15 minutes")


def one_payment_for_tickets(books: Books) -> Iterator[Finding]:
    """Two charges of one order cannot both be kept."""
    for order_id, payments in books.by_order.items():
        kept = [payment["_id"] for payment in payments if payment.get("disposition") == "tickets"]
        if len(kept) > 1:
            yield Finding("charged_twice", order_id, f"{', '.join(sorted(kept))} were all kept")
        if len({payment["n"] for payment in payments}) != len(payments):
            yield Finding("attempt_repeated", order_id, "two payments have one number")


def _returned(payment: Document) -> int:
    return sum(refund["amount"] for refund in payment.get("refunds", []) if refund["state"] != "failed")
