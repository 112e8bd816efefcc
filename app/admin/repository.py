"""Collection ``audit``: written once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.admin.models import AuditEntry, Wanted
from app.core.ids import first_id
from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, ensure_indexes
from app.core.pagination import PageRequest


class AuditLog:
    def __init__(self, database: Database) -> None:
        self._audit = database["audit"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._audit, [IndexModel([(field, 1), ("_id", -1)]) for field in ("by", "what", "subject")]
        )

    async def add(self, entry: AuditEntry) -> None:
        """An entry that is there already stays as it is."""
        document = asdict(entry)
        document["_id"] = document.pop("id")
        try:
            await self._audit.insert_one(document)
        except DuplicateKeyError:
            return

    async def page(self, wanted: Wanted, page: PageRequest) -> Sequence[AuditEntry]:
        """Newest first: ids are sorted by time."""
        named = {"by": wanted.by, "what": wanted.what, "subject": wanted.subject}
        query: Document = {field: value for field, value in named.items() if value is not None}
        if ids := _ids(wanted, page):
            query["_id"] = ids
        found = await self._audit.find(query).sort("_id", -1).limit(page.limit).to_list(page.limit)
        return [_entry(document) for document in found]

    async def forget_before(self, at: datetime) -> int:
        """Ids are sorted by time."""
        gone = await self._audit.delete_many({"_id": {"$lt": first_id("aud", at)}})
        return gone.deleted_count


def _ids(wanted: Wanted, page: PageRequest) -> Document:
    above = first_id("aud", wanted.since) if wanted.since else None
    below = [page.after] if page.after else []
    if wanted.until:
        below.append(first_id("aud", wanted.until))
    return ({"$gte": above} if above else {}) | ({"$lt": min(below)} if below else {})


def _entry(document: dict[str, Any]) -> AuditEntry:
    values = {name: value for name, value in document.items() if name != "_id"}
    return AuditEntry(id=document["_id"], **values)
