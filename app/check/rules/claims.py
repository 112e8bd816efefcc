"""Invariants 1 and 2, seen from one order: it claims all its units or none, and units that exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app.check.books import Books, Document
from app.check.finding import Finding
from app.check.tally import strings

LIVE = ("offered", "pending", "expiring", "confirmed")
ADMITTING = ("valid", "listed", "admitted", "transferred")
"""Tickets whose unit their order still claims; of one being refunded the claim is gone already."""


def well_formed(order: Document, books: Books) -> Iterator[Finding]:
    """A list of distinct strings, or absent: ``[]`` and null collide in the index."""
    for name in ("claims", "limits"):
        if name not in order:
            continue
        value = order[name]
        if not value or strings(value) != value or "" in value:
            yield Finding(f"{name}_ill_formed", order["_id"], f"{name} is {value!r}")
        elif len(set(value)) != len(value):
            yield Finding(f"{name}_repeated", order["_id"], f"{name} names something twice")


def live_orders_claim(order: Document, books: Books) -> Iterator[Finding]:
    if order["status"] in LIVE:
        if not strings(order.get("claims")):
            yield Finding("live_without_claims", order["_id"], f"{order['status']}, but claims nothing")
        return
    kept = [name for name in ("claims", "limits") if name in order]
    if kept:
        yield Finding("ended_with_claims", order["_id"], f"{order['status']}, but has {' and '.join(kept)}")


def whole_set(order: Document, books: Books) -> Iterator[Finding]:
    """Units of each type as many as the items ask for, and exactly the seats they name."""
    event = books.events.get(order["event_id"])
    if event is None:
        yield Finding("order_without_event", order["_id"], f"of {order['event_id']}, which is not there")
        return
    units = strings(order["units"])
    if len(set(units)) != len(units):
        yield Finding("units_repeated", order["_id"], "a unit stands twice in one order")
    unknown = [unit for unit in {*units, *strings(order.get("claims"))} if event.type_of(unit) is None]
    if unknown:
        yield Finding("unit_unknown", order["_id"], f"the event never made {', '.join(sorted(unknown))}")
    if order.get("kind") != "sale":
        return
    wanted: Counter[str] = Counter()
    for item in order["items"]:
        wanted[item["ticket_type_id"]] += item["quantity"]
    given = Counter(kind for kind in map(event.type_of, units) if kind is not None)
    seats = {seat for item in order["items"] for seat in item.get("seats", ())}
    if wanted != given or not seats <= set(units):
        yield Finding("split_set", order["_id"], f"asked for {dict(wanted)}, has {dict(given)}")


def claims_what_it_should(order: Document, books: Books) -> Iterator[Finding]:
    """Before tickets: all units. With tickets: the units of those that admit."""
    if order.get("kind") != "sale" or order["status"] not in LIVE:
        return
    tickets = order.get("tickets", [])
    due = (
        {ticket["unit"] for ticket in tickets if ticket["status"] in ADMITTING}
        if order["status"] == "confirmed"
        else set(order["units"])
    )
    claims = set(strings(order.get("claims")))
    if claims != due:
        missing, extra = sorted(due - claims), sorted(claims - due)
        yield Finding("claims_differ", order["_id"], f"does not claim {missing}, should not claim {extra}")


def limit_kept(order: Document, books: Books) -> Iterator[Finding]:
    """One slot for each claim, all of one customer, all below the event's limit."""
    slots = strings(order.get("limits"))
    if not slots:
        return
    if len(slots) != len(strings(order.get("claims"))):
        yield Finding("limit_miscounted", order["_id"], f"{len(slots)} slots for other than as many places")
    if len({slot.rpartition("/")[0] for slot in slots}) != 1:
        yield Finding("limit_of_others", order["_id"], "slots of several customers")
    event = books.events.get(order["event_id"])
    over = [slot for slot in slots if event and event.limit and int(slot.rpartition("/")[2]) >= event.limit]
    if over:
        yield Finding("limit_exceeded", order["_id"], f"{len(over)} slots beyond the event's limit")
