"""The ``outbox`` array of a collection's documents, as the relay sees it.

Domains write entries with ``core.messages.outbox`` in the update that changes the state; only the relay
takes them away. Taking away says nothing about the aggregate, so it leaves ``version`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.mongo import Collection, Document, IndexModel, ensure_indexes

_OWES = {"outbox.id": {"$gt": ""}}


@dataclass(frozen=True, slots=True)
class Pending:
    """One document's entries, in the order in which they were pushed."""

    id: str
    shard: str | None
    entries: list[Document]


class Outbox:
    def __init__(self, collection: Collection, *, shard_key: str | None = None, rare: bool = False) -> None:
        """``rare``: has seldom something to say, so it need not be asked in every round."""
        self._collection = collection
        self._shard_key = shard_key
        self.rare = rare

    async def prepare(self) -> None:
        index = IndexModel("outbox.id", name="outbox", partialFilterExpression=_OWES)
        await ensure_indexes(self._collection, [index])

    async def pending(self, limit: int) -> list[Pending]:
        """Up to ``limit`` documents that have something to say, oldest aggregates first."""
        wanted = {"outbox": 1} | ({self._shard_key: 1} if self._shard_key else {})
        found = await self._collection.find(_OWES, wanted).limit(limit).to_list(limit)
        return [Pending(d["_id"], d.get(self._shard_key or ""), d["outbox"]) for d in found]

    async def pull(self, pending: Sequence[Pending]) -> None:
        """Takes exactly these entries away; what was pushed meanwhile stays."""
        if not pending:
            return
        where: Document = {"_id": {"$in": [item.id for item in pending]}}
        if self._shard_key:
            where[self._shard_key] = {"$in": list({item.shard for item in pending})}
        told = [entry["id"] for entry in entries_of(pending)]
        await self._collection.update_many(where, {"$pull": {"outbox": {"id": {"$in": told}}}})


def entries_of(pending: Iterable[Pending]) -> list[Document]:
    return [entry for item in pending for entry in item.entries]
