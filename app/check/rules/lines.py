"""Invariant 12, seen from the line: numbers are unique, nobody is skipped, nobody gets lost between lines."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from app.check.books import Books
from app.check.finding import Finding
from app.check.lines import LineTally, Wait

CLOCKS_SECONDS = 5.0
"""A time in a history was read before its write, by one of several machines."""
STALLED_SECONDS = 60.0
"""Nobody's write comes this long after the time it bears."""
TRANSFER_SECONDS = 30.0
RULES = {
    "number": "number_twice",
    "live_number": "live_number_twice",
    "alias_key": "alias_twice",
    "contact_key": "contact_twice",
    "invite": "invite_claimed_twice",
    "place": "place_twice",
}


def one_of_each(books: Books, tally: LineTally) -> Iterator[Finding]:
    for what, service_id, value, first, second in tally.twice:
        yield _twice(RULES[what], f"{service_id} {second}", f"{what} {value}: {first} and {second}")


def in_turn(books: Books, tally: LineTally) -> Iterator[Finding]:
    """Whoever is called was the first of those that had been, and stayed, waiting around that moment."""
    for waits in tally.waits.values():
        grave = dict(_overtaken(waits, STALLED_SECONDS))
        seen = dict(_overtaken(waits, CLOCKS_SECONDS)) | grave
        for token_id, other in seen.items():
            detail = f"called while {other} was waiting ahead"
            yield Finding("called_out_of_turn", token_id, detail, grave=token_id in grave)


def transfers_arrive(books: Books, tally: LineTally) -> Iterator[Finding]:
    for token_id, (old, at, wanted) in tally.announced.items():
        found = tally.arrived.get(token_id)
        if found is None and books.older(at, TRANSFER_SECONDS):
            yield Finding("transfer_lost", old, f"{token_id} in {wanted.service_id} is not there")
        elif found is not None and found != wanted:
            yield Finding("transfer_differs", token_id, f"{found}, should be {wanted}")
    for token_id in tally.arrived.keys() - tally.announced.keys():
        yield Finding("transfer_unknown", token_id, "has another token's secret, but no token became it")


def one_address(books: Books, tally: LineTally) -> Iterator[Finding]:
    slugs: dict[str, str] = {}
    for service in books.services.values():
        first = slugs.setdefault(service["slug"], service["_id"])
        if first != service["_id"]:
            yield Finding("slug_twice", service["_id"], f"{first} is at {service['slug']} too")


def _overtaken(waits: list[Wait], slack: float) -> Iterator[tuple[str, str]]:
    """Who was called, and who stood ahead from ``slack`` before until ``slack`` after."""
    margin, left = timedelta(seconds=slack), set[Wait]()
    ahead: list[tuple[tuple[int, datetime, int], str, Wait]] = []
    moments: list[tuple[datetime, int, Wait]] = []
    for wait in waits:
        begin, end = wait.since + margin, wait.until - margin if wait.until else None
        if end is None or begin < end:
            moments.append((begin, 1, wait))
            moments += [(end, 0, wait)] if end else []
        if wait.called and wait.until:
            moments.append((wait.until, 2, wait))
    for _, what, wait in sorted(moments, key=lambda moment: moment[:2]):
        if what == 0:
            left.add(wait)
        elif what == 1:
            heapq.heappush(ahead, (wait.order, wait.token_id, wait))
        else:
            while ahead and ahead[0][2] in left:
                heapq.heappop(ahead)
            if ahead and ahead[0][0] < wait.order:
                yield wait.token_id, ahead[0][1]


def _twice(rule: str, id: str, detail: str) -> Finding:
    return Finding(rule, id, detail)
