"""Invariants 10 and 12, seen from one token: where it has been, and what it has only while it is live.

The table of moves stands here a second time on purpose, as that of orders does in ``states``.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.check.books import Books, Document
from app.check.finding import Finding

MOVES: dict[str | None, set[str]] = {
    None: {"waiting"},
    "waiting": {"called", "away", "cancelled", "transferred"},
    "away": {"waiting", "cancelled", "transferred"},
    "called": {"serving", "no_show", "waiting", "cancelled", "away", "transferred"},
    "serving": {"completed", "waiting", "transferred"},
    "no_show": {"waiting", "called"},
    "completed": set(),
    "cancelled": set(),
    "transferred": set(),
}
LIVE = ("waiting", "called", "serving", "away")
TIMES = {"called": "called_at", "serving": "started_at", "completed": "ended_at"}
CODE_TRIES = 5


def legal_token_history(token: Document, books: Books) -> Iterator[Finding]:
    at: str | None = None
    for number, entry in enumerate(token["history"]):
        start, end = entry["from"], entry["to"]
        stays = number > 0 and start == end
        if start != at or not (stays or end in MOVES.get(start, set())):
            yield Finding("illegal_token_move", token["_id"], f"entry {number}: {at}: {start} -> {end}")
        at = end
    if at != token["status"]:
        detail = f"{at}, but the status is {token['status']}"
        yield Finding("token_history_ends_elsewhere", token["_id"], detail)


def complete_token_history(token: Document, books: Books) -> Iterator[Finding]:
    """Each move raises the version by one and writes one entry."""
    if len(token["history"]) != token["version"]:
        detail = f"{len(token['history'])} entries at version {token['version']}"
        yield Finding("token_history_incomplete", token["_id"], detail)


def called_once(token: Document, books: Books) -> Iterator[Finding]:
    """Calling next is for those who wait. Who is called already may be recalled, and the history says so."""
    for number, entry in enumerate(token["history"]):
        if entry["to"] == "called" and entry["cause"] == "next" and entry["from"] != "waiting":
            yield Finding("called_twice", token["_id"], f"entry {number}: called next while {entry['from']}")


def live_fields(token: Document, books: Books) -> Iterator[Finding]:
    """What must be unique among those in line is there as long as the token is, and not longer."""
    kept = [name for name in ("live_number", "alias_key", "contact_key", "place") if name in token]
    if token["status"] not in LIVE:
        if kept:
            detail = f"{token['status']}, but has {', '.join(kept)}"
            yield Finding("ended_token_in_line", token["_id"], detail)
        return
    if token.get("live_number") != token["number"]:
        detail = f"number {token['number']}, but live number {token.get('live_number')}"
        yield Finding("live_number_differs", token["_id"], detail)
    if "alias_key" not in token:
        yield Finding("live_without_alias", token["_id"], f"{token['status']}, but its alias is not taken")
    contact = token.get("contact") or {}
    if (contact.get("email") or contact.get("phone")) and "contact_key" not in token:
        yield Finding("live_without_contact", token["_id"], "its contact could have a second place")


def times_of_states(token: Document, books: Books) -> Iterator[Finding]:
    name = TIMES.get(token["status"])
    if name and token.get(name) is None:
        yield Finding("token_time_missing", token["_id"], f"{token['status']} without {name}")
    if token["status"] in LIVE and token.get("ended_at") is not None:
        yield Finding("token_time_wrong", token["_id"], f"{token['status']}, but ended")


def code_tries_counted(token: Document, books: Books) -> Iterator[Finding]:
    """Invariant 11: no sixth guess is ever compared."""
    if (token.get("code") or {}).get("tries", 0) > CODE_TRIES:
        yield Finding("code_guessed_on", token["_id"], f"{token['code']['tries']} tries at one code")


def of_a_service(token: Document, books: Books) -> Iterator[Finding]:
    if token["service_id"] not in books.services:
        yield Finding("token_without_service", token["_id"], f"of {token['service_id']}, which is not there")
