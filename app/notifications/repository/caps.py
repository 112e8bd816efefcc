"""Collection ``mail_caps``: when what was sent, one document per thing that is capped. It names mailboxes
and numbers by hashes."""

from __future__ import annotations

from datetime import timedelta

from app.core.mongo import Database, Document, IndexModel, ensure_indexes
from app.notifications.models import Cap


class Caps:
    def __init__(self, database: Database) -> None:
        self._caps = database["mail_caps"]

    async def prepare(self) -> None:
        await ensure_indexes(self._caps, [IndexModel("until", expireAfterSeconds=0)])

    async def take(self, key: str, cap: Cap) -> bool:
        """Counts one more, unless ``cap`` is used up. Counting and deciding are one write to one document,
        so it holds for any number of workers; any span of ``cap.window`` sees at most ``cap.limit``."""
        where = {"_id": key}
        found = await self._caps.find_one_and_update(
            where, _counted(cap), projection={"granted": 1}, upsert=True, return_document=True
        )
        return found is not None and bool(found["granted"])


def _counted(cap: Cap) -> list[Document]:
    """``granted`` is the answer to the last who asked, read back by the command that wrote it."""
    window = cap.window // timedelta(milliseconds=1)
    begins = {"$subtract": ["$$NOW", window]}
    recent = {"$filter": {"input": {"$ifNull": ["$at", []]}, "cond": {"$gt": ["$$this", begins]}}}
    one_more = {"$concatArrays": ["$at", ["$$NOW"]]}
    return [
        {"$set": {"at": recent}},
        {"$set": {"granted": {"$lt": [{"$size": "$at"}, cap.limit]}}},
        {"$set": {"at": {"$cond": ["$granted", one_more, "$at"]}, "until": {"$add": ["$$NOW", window]}}},
    ]
