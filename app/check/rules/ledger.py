"""Invariants 5 and 7: our ledger equals the sandbox's, to the cent, per currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from app.check.books import Books, Document
from app.check.finding import Finding

LEARNED_SECONDS = 180.0
"""By then the poll has told us what no webhook did."""


def charges_agree(books: Books) -> Iterator[Finding]:
    """Charge by charge, so that two errors do not make up for each other."""
    for key, payment in books.payments.items():
        if payment["provider"] == "sandbox":
            yield from _compare(payment, books.ledger.get(key), books)
    for key, charge in books.ledger.items():
        if key not in books.payments and books.older(charge["created_at"], LEARNED_SECONDS):
            yield Finding("charge_unknown", key, "the provider has a charge that we do not know")


def totals_agree(books: Books) -> Iterator[Finding]:
    """To the cent, per currency; charges we may not have heard of yet are left out on both sides."""
    news = {key for key, charge in books.ledger.items() if _young(charge, books)}
    ours, theirs = totals(books, without=news)
    for what, currency in sorted(ours.keys() | theirs.keys()):
        mine, other = ours[what, currency], theirs[what, currency]
        if mine != other:
            yield Finding("ledger_differs", f"{what} {currency}", f"ours {mine}, the provider's {other}")


Totals = Counter[tuple[str, str]]


def totals(books: Books, without: Collection[str] = ()) -> tuple[Totals, Totals]:
    """(captured or refunded, currency) -> minor units, in our books and in the provider's."""
    ours: Totals = Counter()
    theirs: Totals = Counter()
    for payment in books.payments.values():
        captured = payment.get("captured")
        if payment["provider"] == "sandbox" and captured and payment["_id"] not in without:
            ours["captured", captured["currency"]] += captured["amount"]
            ours["refunded", captured["currency"]] += sum(_done(payment).values())
    for charge in books.ledger.values():
        captured = charge["captured"]
        if captured and charge["payment_id"] not in without:
            theirs["captured", captured["currency"]] += captured["amount"]
            theirs["refunded", captured["currency"]] += sum(_paid(charge).values())
    return +ours, +theirs


def _compare(payment: Document, charge: Document | None, books: Books) -> Iterator[Finding]:
    key, ours = payment["_id"], _money(payment.get("captured"))
    theirs = _money(charge["captured"]) if charge else None
    if ours is not None and ours != theirs:
        yield Finding("capture_differs", key, f"ours {ours}, the provider's {theirs}")
    if charge is None:
        return
    if theirs is not None and ours is None:
        detail = f"the provider captured {theirs}, we know of nothing"
        yield Finding("capture_unknown", key, detail, grave=not _young(charge, books))
    done, paid = _done(payment), _paid(charge)
    invented = sorted(refund for refund in done if paid.get(refund) != done[refund])
    if invented:
        yield Finding("refund_differs", key, f"{invented} are not so at the provider")
    owed = {refund["id"] for refund in payment.get("refunds", [])}
    if paid.keys() - owed:
        yield Finding("refund_unknown", key, f"the provider refunded {sorted(paid.keys() - owed)}")


def _done(payment: Document) -> dict[str, int]:
    return {r["id"]: r["amount"] for r in payment.get("refunds", []) if r["state"] == "done"}


def _paid(charge: Document) -> dict[str, int]:
    return {r["refund_id"]: r["amount"] for r in charge["refunds"] if r["state"] == "done"}


def _money(value: Any) -> tuple[int, str] | None:
    return (value["amount"], value["currency"]) if value else None


def _young(charge: Document, books: Books) -> bool:
    """Something happened to it so recently that we may not have heard."""
    at = max([charge["created_at"], *(entry["at"] for entry in charge["history"])])
    return not books.older(at, LEARNED_SECONDS)
