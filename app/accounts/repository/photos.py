"""Photos as accounts know them: fields of the collection ``users``.

``discarded`` lists what the store may hold and nobody refers to: a key is written there before its file
is, and again when the account lets go of it. So no crash leaves a photo that nobody will delete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.documents import user_of
from app.accounts.models import User
from app.core.mongo import Database, Document, IndexModel, ensure_indexes, literal

_DUE = {"$type": "date"}


@dataclass(frozen=True, slots=True)
class Discarded:
    id: str
    """The account's."""
    key: str


class PhotoRepository:
    def __init__(self, database: Database) -> None:
        self._users = database["users"]

    async def prepare(self) -> None:
        index = IndexModel("discarded.at", name="discarded", partialFilterExpression={"discarded.at": _DUE})
        await ensure_indexes(self._users, [index])

    async def announce(self, user_id: str, key: str, until: datetime) -> None:
        """A file is about to be written; past ``until`` it is deleted unless the account refers to it."""
        await self._users.update_one(
            {"_id": user_id, "discarded.key": {"$ne": key}},
            {"$push": {"discarded": {"key": key, "at": until}}},
        )

    async def keep(self, user_id: str, key: str, at: datetime, change: str) -> User | None:
        """From now on this is the photo, and the one before it is to be deleted. None when the file was
        given up meanwhile, or the account was."""
        kept = {"photo": literal({"key": key, "at": at}), "discarded": _others(key, at)}
        return await self._change(
            {"_id": user_id, "discarded.key": key, "erased_at": {"$exists": False}}, kept, change
        )

    async def drop(self, user_id: str, at: datetime, change: str) -> User | None:
        """None when there was no photo."""
        dropped = {"photo": "$$REMOVE", "discarded": _others("", at)}
        return await self._change({"_id": user_id, "photo.key": {"$gt": ""}}, dropped, change)

    async def discarded(self, before: datetime, limit: int) -> Sequence[Discarded]:
        query = {"discarded.at": {"$lte": before, **_DUE}}
        found = await self._users.find(query, {"discarded": 1, "photo": 1}).limit(limit).to_list(limit)
        return [one for document in found for one in _due(document, before)]

    async def discarded_of(self, user_id: str, before: datetime) -> Sequence[Discarded]:
        found = await self._users.find_one({"_id": user_id}, {"discarded": 1, "photo": 1})
        return _due(found, before) if found else []

    async def forget(self, user_id: str, key: str) -> None:
        """Its file is deleted."""
        await self._users.update_one({"_id": user_id}, {"$pull": {"discarded": {"key": key}}})

    async def _change(self, filter: Document, fields: Document, change: str) -> User | None:
        counted = {"version": {"$add": ["$version", 1]}, "last_change": literal(change)}
        found = await self._users.find_one_and_update(
            filter, [{"$set": {**fields, **counted}}], return_document=True
        )
        return user_of(found) if found else None


def _others(key: str, at: datetime) -> Document:
    """``discarded`` without ``key`` and with the photo there was."""
    listed = {"$ifNull": ["$discarded", []]}
    others = {"$filter": {"input": listed, "cond": {"$ne": ["$$this.key", literal(key)]}}}
    former = [{"key": "$photo.key", "at": literal(at)}]
    had_one = {"$and": [{"$gt": ["$photo.key", ""]}, {"$ne": ["$photo.key", literal(key)]}]}
    return {"$concatArrays": [others, {"$cond": [had_one, former, []]}]}


def _due(document: Mapping[str, Any], before: datetime) -> list[Discarded]:
    kept = (document.get("photo") or {}).get("key")
    return [
        Discarded(document["_id"], entry["key"])
        for entry in document.get("discarded", ())
        if entry["at"] <= before and entry["key"] != kept
    ]
