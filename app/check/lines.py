"""Who stands where in which line, counted while the tokens pass by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from app.check.books import Document

UNIQUE_WHILE_THERE = ("live_number", "alias_key", "invite", "place")


class Twice(NamedTuple):
    """Two tokens of one line have the same of something."""

    what: str
    service_id: str
    value: Any
    first: str
    second: str


class Wait(NamedTuple):
    """A token stood in its line, ready to be called, and was called then or not."""

    token_id: str
    order: tuple[int, datetime, int]
    since: datetime
    until: datetime | None
    called: bool


class Successor(NamedTuple):
    """What a transferred token should have become, or a token says it comes from."""

    service_id: str
    joined_at: datetime
    secret_id: str


@dataclass
class LineTally:
    owners: dict[tuple[str, str, Any], str] = field(default_factory=dict)
    """What, line, value -> the token that came first."""
    twice: list[Twice] = field(default_factory=list)
    waits: dict[tuple[str, str], list[Wait]] = field(default_factory=dict)
    """By line and day."""
    announced: dict[str, tuple[str, datetime, Successor]] = field(default_factory=dict)
    """Successor -> the token transferred, when, and how the successor should look."""
    arrived: dict[str, Successor] = field(default_factory=dict)
    """Tokens whose secret is another token's."""
    tokens: Counter[str] = field(default_factory=Counter)

    def add(self, token: Document) -> None:
        service_id, token_id = token["service_id"], token["_id"]
        self.tokens[token["status"]] += 1
        self._enter("number", service_id, (token["day"], token["number"]), token_id)
        for name in UNIQUE_WHILE_THERE:
            if name in token:
                self._enter(name, service_id, token[name], token_id)
        for key in token.get("contact_key") or ():
            self._enter("contact_key", service_id, key, token_id)
        self.waits.setdefault((service_id, token["day"]), []).extend(_waits(token))
        self._follow(token)

    def _enter(self, what: str, service_id: str, value: Any, token_id: str) -> None:
        first = self.owners.setdefault((what, service_id, value), token_id)
        if first != token_id:
            self.twice.append(Twice(what, service_id, value, first, token_id))

    def _follow(self, token: Document) -> None:
        if transfer := token.get("transfer"):
            wanted = Successor(transfer["service_id"], token["joined_at"], token["secret_id"])
            self.announced[transfer["token_id"]] = (token["_id"], token["history"][-1]["at"], wanted)
        if token["secret_id"] != token["_id"]:
            self.arrived[token["_id"]] = Successor(
                token["service_id"], token["joined_at"], token["secret_id"]
            )


def _waits(token: Document) -> Iterator[Wait]:
    order = token.get("priority", 5), token["joined_at"], token["number"]
    since: datetime | None = None
    for entry in token["history"]:
        if entry["to"] == "waiting" and since is None:
            since = entry["at"]
        elif entry["to"] != "waiting" and since is not None:
            yield Wait(token["_id"], order, since, entry["at"], called=entry["to"] == "called")
            since = None
    if since is not None:
        yield Wait(token["_id"], order, since, None, called=False)
