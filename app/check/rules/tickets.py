"""Invariants 2 and 6: tickets for exactly the set, and none without its money."""

from __future__ import annotations

from collections.abc import Iterator

from app.check.books import Books, Document
from app.check.finding import Finding


def tickets_of_the_set(order: Document, books: Books) -> Iterator[Finding]:
    tickets = [ticket["unit"] for ticket in order.get("tickets", [])]
    if order.get("kind") != "sale" or (order["status"] not in ("confirmed", "cancelled") and not tickets):
        return
    if order["status"] not in ("confirmed", "cancelled"):
        yield Finding("tickets_too_early", order["_id"], f"{len(tickets)} tickets while {order['status']}")
    elif (tickets or order["status"] == "confirmed") and sorted(tickets) != sorted(order["units"]):
        yield Finding("tickets_differ", order["_id"], f"tickets for {tickets}, units {order['units']}")
    if len({ticket["id"] for ticket in order.get("tickets", [])}) != len(tickets):
        yield Finding("ticket_id_repeated", order["_id"], "two tickets have one id")


def tickets_are_paid(order: Document, books: Books) -> Iterator[Finding]:
    """Captured money equal to the total, or a total of nothing."""
    total = order.get("total")
    if order.get("kind") != "sale" or not order.get("tickets") or not total or total["amount"] == 0:
        return
    payment = books.payments.get(order.get("paid_by") or "")
    captured = payment.get("captured") if payment else None
    if payment is None or payment["order_id"] != order["_id"] or captured is None:
        yield Finding("ticket_unpaid", order["_id"], "tickets, but no captured payment of this order")
    elif (captured["amount"], captured["currency"]) != (total["amount"], total["currency"]):
        yield Finding("ticket_underpaid", order["_id"], f"paid {captured['amount']}, costs {total['amount']}")
    elif payment.get("disposition") not in (None, "tickets"):
        yield Finding("ticket_unpaid", order["_id"], f"its payment was {payment['disposition']}")


def priced_right(order: Document, books: Books) -> Iterator[Finding]:
    if order.get("kind") != "sale":
        return
    cost = sum(item["unit_price"] * item["quantity"] for item in order["items"])
    if cost != order["total"]["amount"]:
        yield Finding("total_wrong", order["_id"], f"items cost {cost}, total {order['total']['amount']}")
