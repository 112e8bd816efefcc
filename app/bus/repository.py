"""The ``messages`` collection: every message of the last 7 days, and who still owes work on it.

``{_id, stream, type, key, version, at, data, owed: [subscribers], retry_at, failures: {subscriber: n}}``.
A message nobody owes work on (any more) leaves the index of the sweeper, which so stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.core.messages import Envelope, envelope
from app.core.mongo import (
    Collection,
    Database,
    Document,
    IndexModel,
    PyMongoError,
    ensure_indexes,
)

KEPT = timedelta(days=7)
OWED_AFTER = timedelta(seconds=30)
_OWED = {"owed": {"$gt": ""}}
_DUPLICATE = 11000


@dataclass(frozen=True, slots=True)
class Owed:
    """A message and the subscribers that have not said they are done with it."""

    envelope: Envelope
    by: tuple[str, ...]


class MessageLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._messages: Collection = database["messages"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(
            self._messages,
            [
                IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds())),
                IndexModel("retry_at", partialFilterExpression=_OWED),
            ],
        )

    async def record(self, messages: Sequence[Owed]) -> None:
        """Knows each message from now on. One that is known already keeps what was done on it."""
        if not messages:
            return
        retry_at = self._clock.now() + OWED_AFTER
        documents = [_document(message, retry_at) for message in messages]
        try:
            await self._messages.insert_many(documents, ordered=False)
        except PyMongoError as error:
            if not _only_duplicates(error):
                raise

    async def still_owed(self, ids: Sequence[str], by: str) -> set[str]:
        where = {"_id": {"$in": list(ids)}, "owed": by}
        found = await self._messages.find(where, {"_id": 1}).to_list(len(ids))
        return {document["_id"] for document in found}

    async def done(self, ids: Sequence[str], by: str) -> None:
        if ids:
            await self._messages.update_many({"_id": {"$in": list(ids)}}, {"$pull": {"owed": by}})

    async def hand_out(self, limit: int) -> list[Owed]:
        """What is overdue, to be tried again now; not handed out again before the next interval."""
        now = self._clock.now()
        where = _OWED | {"retry_at": {"$lte": now}}
        found = await self._messages.find(where).sort("retry_at", 1).limit(limit).to_list(limit)
        if found:
            ids = [document["_id"] for document in found]
            await self._messages.update_many(
                {"_id": {"$in": ids}} | _OWED, {"$set": {"retry_at": now + OWED_AFTER}}
            )
        return [Owed(_envelope(document), tuple(document["owed"])) for document in found]

    async def failed(self, id: str, by: str, error: str) -> int:
        """Counts a failure of ``by``; returns how many there were."""
        change = {
            "$inc": {f"failures.{by}": 1},
            "$set": {"last_error": error, "retry_at": self._clock.now() + OWED_AFTER},
        }
        where = {"_id": id, "owed": by}
        document = await self._messages.find_one_and_update(where, change, return_document=True)
        return int(document["failures"][by]) if document else 0

    async def park(self, id: str, by: str) -> bool:
        """Gives up for ``by``: out of the way, but kept to be looked at. False when it was done or parked."""
        change = {
            "$pull": {"owed": by},
            "$addToSet": {"parked": by},
            "$set": {"parked_at": self._clock.now()},
        }
        result = await self._messages.update_one({"_id": id, "owed": by}, change)
        return result.modified_count == 1


def _document(message: Owed, retry_at: datetime) -> Document:
    envelope = message.envelope
    document: Document = {
        "_id": envelope.id,
        "stream": envelope.stream,
        "type": envelope.type,
        "key": envelope.key,
        "version": envelope.version,
        "at": envelope.at,
        "data": envelope.data,
    }
    return document | {"owed": list(message.by), "retry_at": retry_at} if message.by else document


def _envelope(document: Document) -> Envelope:
    return envelope(document | {"id": document["_id"]})


def _only_duplicates(error: PyMongoError) -> bool:
    details = getattr(error, "details", None) or {}
    refused = details.get("writeErrors", [])
    concerns = details.get("writeConcernErrors", [])
    return bool(refused) and not concerns and all(item["code"] == _DUPLICATE for item in refused)
