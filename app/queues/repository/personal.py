"""Tokens as part of what we know about a person: found, and made nobody's.

A token with ``notify`` is one that may still name somebody; forgetting takes that field away too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.clock import Clock
from app.core.mongo import Collection, Database, Document, IndexModel, ensure_indexes, literal
from app.queues.documents import token_of
from app.queues.models import Token

NOBODY = "erased"
_CONTACT = ("contact", "contact_key", "mailbox", "own_alias", "origin", "notify", "idem")
_NAMES_SOMEBODY: Document = {"notify": {"$exists": True}}
_INDEXES = [
    IndexModel(
        "ended_at", name="forget", partialFilterExpression={"ended_at": {"$type": "date"}, **_NAMES_SOMEBODY}
    ),
    IndexModel(
        [("mailbox", 1), ("_id", 1)], name="mailbox", partialFilterExpression={"mailbox": {"$gt": ""}}
    ),
]


@dataclass(frozen=True, slots=True)
class Person:
    """Whose tokens are meant: those of an account, and those that were sent to the mailbox (its hash) which
    the account has shown to be its own, up to ``until`` where it was erased then."""

    user_id: str
    mailbox: str | None = None
    until: datetime | None = None

    @property
    def tokens(self) -> list[Document]:
        """Alternatives, each with an index of its own."""
        if self.mailbox is None:
            return [{"user_id": self.user_id}]
        as_guest: Document = {"mailbox": self.mailbox, "user_id": None}
        if self.until is not None:
            as_guest["created_at"] = {"$lte": self.until}
        return [{"user_id": self.user_id}, as_guest]


class PersonalTokens:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._tokens: Collection = database["tokens"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(self._tokens, _INDEXES)

    async def of_person(self, person: Person, after: str, limit: int) -> list[Token]:
        """The newest first, from the one after ``after``."""
        where: Document = {"$or": person.tokens}
        if after:
            where["_id"] = {"$lt": after}
        found = self._tokens.find(where).sort("_id", -1).limit(limit)
        return [token_of(document) async for document in found]

    async def forget_person(self, person: Person) -> None:
        """Strikes the person from all their tokens, also from one that is still in line. Repeating it
        changes nothing."""
        change = _forgetting(self._clock.now(), "person forgotten", also=["user_id"])
        for where in person.tokens:
            await self._tokens.update_many(where, change)

    async def forget_ended(self, before: datetime, limit: int) -> int:
        """Forgets contacts of tokens that ended before then. An account's tokens stay its own."""
        ended: Document = {"ended_at": {"$type": "date", "$lt": before}, **_NAMES_SOMEBODY}
        found = await self._tokens.find(ended, {"service_id": 1}, hint="forget").limit(limit).to_list(limit)
        if not found:
            return 0
        these = {
            "_id": {"$in": [document["_id"] for document in found]},
            "service_id": {"$in": list({document["service_id"] for document in found})},
        }
        change = _forgetting(self._clock.now(), "contact forgotten")
        return (await self._tokens.update_many({**these, **ended}, change)).modified_count


def _forgetting(now: datetime, cause: str, *, also: list[str] | None = None) -> list[Mapping[str, Any]]:
    """A pipeline update, because what is struck out of the history differs from token to token."""
    own = {"$in": ["$$entry.by", ["$user_id", "$idem.caller"]]}
    entry = {"$mergeObjects": ["$$entry", {"by": {"$cond": [own, literal(NOBODY), "$$entry.by"]}}]}
    known = {"$map": {"input": "$history", "as": "entry", "in": entry}} if also else "$history"
    told: Document = {
        "at": literal(now),
        "from": "$status",
        "to": "$status",
        "cause": literal(cause),
        "by": literal("system"),
    }
    return [
        {"$set": {"version": {"$add": ["$version", 1]}, "history": {"$concatArrays": [known, [told]]}}},
        {"$unset": [*_CONTACT, *(also or ())]},
    ]
