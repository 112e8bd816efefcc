"""Invariant 10: states move along declared edges, each move with one entry of history.

The table stands here a second time on purpose: a checker that read the program's own would agree with
whatever the program does.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.check.books import Books, Document
from app.check.finding import Finding

MOVES: dict[str | None, set[str]] = {
    None: {"offered", "pending", "confirmed"},
    "offered": {"pending", "expired", "cancelled"},
    "pending": {"confirmed", "expiring", "expired", "failed", "cancelled"},
    "expiring": {"confirmed", "expired", "failed", "cancelled"},
    "confirmed": {"cancelled"},
    "expired": {"confirmed"},
    "failed": {"confirmed"},
    "cancelled": set(),
}
PAYMENT_MOVES: dict[str | None, set[str]] = {
    None: {"opening", "closed"},
    "opening": {"open", "failed", "captured", "closed"},
    "open": {"failed", "captured", "closed"},
    "failed": {"captured", "closed"},
    "closed": {"captured"},
    "captured": set(),
}


def legal_history(order: Document, books: Books) -> Iterator[Finding]:
    at: str | None = None
    for number, entry in enumerate(order["history"]):
        start, end = entry["from"], entry["to"]
        stays = number > 0 and start == end
        if start != at or not (stays or end in MOVES.get(start, set())):
            yield Finding("illegal_move", order["_id"], f"entry {number}: {at}: {start} -> {end}")
        at = end
    if at != order["status"]:
        yield Finding("history_ends_elsewhere", order["_id"], f"{at}, but the status is {order['status']}")


def complete_history(order: Document, books: Books) -> Iterator[Finding]:
    """Each move raises the version by one and writes one entry."""
    if len(order["history"]) != order["version"]:
        detail = f"{len(order['history'])} entries at version {order['version']}"
        yield Finding("history_incomplete", order["_id"], detail)


def legal_payment_history(payment: Document, books: Books) -> Iterator[Finding]:
    at: str | None = None
    for number, entry in enumerate(payment["history"]):
        if "to" not in entry:
            continue
        start, end = entry["from"], entry["to"]
        if start != at or end not in PAYMENT_MOVES.get(start, set()):
            yield Finding("illegal_payment_move", payment["_id"], f"entry {number}: {at}: {start} -> {end}")
        at = end
    if at != payment["status"]:
        yield Finding("payment_history_ends_elsewhere", payment["_id"], f"{at}, not {payment['status']}")
