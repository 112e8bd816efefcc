"""Calling the next: one conditional write to the head of the line, and the reads around it.

MongoDB takes the head of the index ``(service_id, status, priority, joined_at, number)`` and changes it in
one step; of many counters that reach for one document all but one find it no longer waiting and go on to
the next. So nobody is called twice, and nobody can be passed over, whatever Redis or a process does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, ensure_indexes, literal
from app.queues.documents import token_of
from app.queues.models import Token
from app.queues.repository import pipelines

ORDER = [("priority", 1), ("joined_at", 1), ("number", 1)]
BY_ORDER = "order"
"""The index that ``repository.tokens`` makes; named, so that no plan can ever sort."""

_OF_A_CALL_BEFORE = ("recalled_at", "started_at", "verified_at", "ended_at")
"""Whoever stepped away from a call and came back says anew who they are."""


@dataclass(frozen=True, slots=True)
class Call:
    """``key`` names the request, ``mark`` the request with its body. ``code_key``: the version of the key
    that codes are derived under, where the line has codes."""

    service_id: str
    counter: str
    by: str
    request_id: str
    key: str | None = None
    mark: str | None = None
    code_key: int | None = None


class KeyKnown(Exception):
    """An earlier request with this idempotency key has called somebody."""


class Calls:
    def __init__(self, database: Database) -> None:
        self._tokens = database["tokens"]

    async def prepare(self) -> None:
        keys = IndexModel(
            [("service_id", 1), ("call_keys", 1)],
            name="call_keys",
            unique=True,
            partialFilterExpression={"call_keys": {"$gt": ""}},
        )
        await ensure_indexes(self._tokens, [keys])

    async def next(self, call: Call, spent: int) -> Token | None:
        """Whoever is first, called. None when nobody waits. Raises KeyKnown.

        ``spent``: a code that has been tried so often is no longer good, and a new one is granted.
        """
        try:
            found = await self._tokens.find_one_and_update(
                {"service_id": call.service_id, "status": "waiting"},
                _called(call, spent),
                sort=ORDER,
                hint=BY_ORDER,
                return_document=True,
            )
        except DuplicateKeyError as error:
            raise KeyKnown from error
        return token_of(found) if found else None

    async def by_key(self, service_id: str, key: str) -> Token | None:
        """Whom an earlier request with this key has called."""
        found = await self._tokens.find_one({"service_id": service_id, "call_keys": key}, hint="call_keys")
        return token_of(found) if found else None

    async def front(self, service_id: str, length: int) -> list[Token]:
        """Those who are called next, the first first."""
        waiting = self._tokens.find({"service_id": service_id, "status": "waiting"}, hint=BY_ORDER)
        found = await waiting.sort(ORDER).limit(length).to_list(length)
        return [token_of(document) for document in found]


def _called(call: Call, spent: int) -> list[Mapping[str, Any]]:
    """A pipeline update, because whom it is about is known only when it has happened."""
    counter = literal(call.counter)
    after = {"status": "called", "counter": call.counter}
    messages: list[Document] = [
        pipelines.told(0, "token.called", "called", "next", counter=counter),
        pipelines.deed(1, "token.next", call.by, call.request_id, after),
    ]
    change: Document = {
        "status": literal("called"),
        "counter": counter,
        "called_at": pipelines.NOW,
        "version": pipelines.VERSION,
        "history": pipelines.appended("history", [pipelines.entry("called", "next", call.by, call.mark)]),
        "outbox": pipelines.appended("outbox", messages),
    }
    if call.key is not None:
        change["call_keys"] = pipelines.appended("call_keys", [literal(call.key)])
    if call.code_key is not None:
        change |= _with_code(call, spent, messages)
    return [{"$set": change}, {"$unset": list(_OF_A_CALL_BEFORE)}]


def _with_code(call: Call, spent: int, messages: Sequence[Document]) -> Document:
    """A code in the same write, for whoever can be reached and has none that is good."""
    reachable = {"$or": [{"$gt": [field, ""]} for field in ("$contact.email", "$contact.phone", "$user_id")]}
    none_good = {"$gte": [{"$ifNull": ["$code.tries", spent]}, spent]}
    owed, n = {"$and": [reachable, none_good]}, {"$add": [{"$ifNull": ["$code.n", 0]}, 1]}
    granted: Document = {
        "n": n,
        "key_version": literal(call.code_key),
        "tries": literal(0),
        "granted_at": pipelines.NOW,
    }
    told = pipelines.told(len(messages), "token.code_granted", "called", "next", code_n=n)
    return {
        "code": {"$cond": [owed, granted, {"$ifNull": ["$code", "$$REMOVE"]}]},
        "outbox": pipelines.appended("outbox", messages, {"$cond": [owed, [told], []]}),
    }
