"""Invariant 1, seen from the event: one owner for each unit, and never more than there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app.check.books import Books
from app.check.finding import Finding
from app.check.tally import Tally

SWEPT_SECONDS = 120.0
REFUNDED_SECONDS = 15 * 60.0


def one_owner(books: Books, tally: Tally) -> Iterator[Finding]:
    for clash in tally.clashes:
        rule = "oversold" if clash.field == "claims" else "limit_oversold"
        detail = f"claimed by {clash.first} and {clash.second}"
        yield Finding(rule, f"{clash.event_id} {clash.value}", detail)


def within_capacity(books: Books, tally: Tally) -> Iterator[Finding]:
    for event in books.events.values():
        blocked = tally.blocked.get(event.id, set())
        claimed = tally.units.get(event.id, {}).keys()
        sales = Counter(kind for kind in map(event.type_of, claimed - blocked) if kind)
        blocks = Counter(kind for kind in map(event.type_of, blocked) if kind)
        for kind, capacity in event.capacities.items():
            if sales[kind] > event.sizes[kind] - blocks[kind] or sales[kind] > capacity:
                detail = f"{sales[kind]} claimed of {capacity}"
                yield Finding("over_capacity", f"{event.id} {kind}", detail)
            if event.status != "draft" and capacity != event.sizes[kind] - blocks[kind]:
                detail = f"says {capacity}, but {event.sizes[kind]} less {blocks[kind]} blocked are for sale"
                yield Finding("capacity_differs", f"{event.id} {kind}", detail, grave=False)


def cancelled_events_let_go(books: Books, tally: Tally) -> Iterator[Finding]:
    """A cancelled event is swept until no live order of it remains."""
    for event in books.events.values():
        alive = tally.units.get(event.id, {}).keys() - tally.blocked.get(event.id, set())
        if event.status == "cancelled" and alive and books.older(event.cancelled_at, SWEPT_SECONDS):
            grave = books.older(event.cancelled_at, REFUNDED_SECONDS)
            yield Finding("cancelled_but_claimed", event.id, f"{len(alive)} units are still claimed", grave)


def nothing_sold_of_drafts(books: Books, tally: Tally) -> Iterator[Finding]:
    for event in books.events.values():
        if event.status == "draft" and tally.units.get(event.id):
            yield Finding("draft_sold", event.id, "a draft has live orders")
