"""Ending what a past day left in line, in batches: each document with its own history and message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.mongo import Database, Document, literal
from app.queues.models import LIVE_FIELDS
from app.queues.repository import pipelines

LEFT = ("waiting", "away", "called")
"""Who is being served stays until they are done."""
CAUSE = "day_ended"


class PastDays:
    def __init__(self, database: Database) -> None:
        self._tokens = database["tokens"]

    async def end(self, service_id: str, before: str, limit: int) -> int:
        """Up to ``limit`` tokens of days before ``before``; how many were found."""
        left: Document = {"service_id": service_id, "status": {"$in": LEFT}, "day": {"$lt": before}}
        live = {**left, "live_number": {"$gt": 0}}
        found = await self._tokens.find(live, {"_id": 1}, hint="live_number").limit(limit).to_list(limit)
        if found:
            ids = [document["_id"] for document in found]
            await self._tokens.update_many({"_id": {"$in": ids}, **left}, _ended())
        return len(found)


def _ended() -> list[Mapping[str, Any]]:
    change: Document = {
        "status": literal("cancelled"),
        "ended_at": pipelines.NOW,
        "version": pipelines.VERSION,
        "history": pipelines.appended("history", [pipelines.entry("cancelled", CAUSE, "system")]),
        "outbox": pipelines.appended("outbox", [pipelines.told(0, "token.cancelled", "cancelled", CAUSE)]),
    }
    return [{"$set": change}, {"$unset": list(LIVE_FIELDS)}]
