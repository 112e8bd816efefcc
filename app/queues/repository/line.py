"""What a line looks like to those who read it. Each query walks one index of ``tokens``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.core.mongo import Collection, Database, Document, aggregate
from app.queues.documents import token_of
from app.queues.line import AtCounter, Order
from app.queues.models import Status, Token


class LineReads:
    def __init__(self, database: Database) -> None:
        self._tokens: Collection = database["tokens"]

    async def waiting(self, service_id: str) -> tuple[Order, ...]:
        """In order, from the index alone."""
        wanted = {"_id": 0, "priority": 1, "joined_at": 1, "number": 1}
        found = self._tokens.find({"service_id": service_id, "status": "waiting"}, wanted, hint="order")
        ordered = found.sort([("priority", 1), ("joined_at", 1), ("number", 1)])
        return tuple((d["priority"], d["joined_at"], d["number"]) for d in await ordered.to_list(None))

    async def at_counters(self, service_id: str) -> tuple[AtCounter, ...]:
        where = {"service_id": service_id, "status": {"$in": ["called", "serving"]}}
        wanted = {"number": 1, "counter": 1, "status": 1, "called_at": 1, "started_at": 1}
        found = await self._tokens.find(where, wanted, hint="order").to_list(None)
        return tuple(sorted((_at_counter(document) for document in found), key=lambda one: one.number))

    async def served_since(self, service_id: str, at: datetime) -> tuple[int, float | None]:
        """How many were completed, and their average service in minutes. From the index alone."""
        where = {"service_id": service_id, "status": "completed", "ended_at": {"$gte": at}}
        took = {"$subtract": ["$ended_at", "$started_at"]}
        group = {"_id": None, "count": {"$sum": 1}, "milliseconds": {"$avg": took}}
        rows = await aggregate(self._tokens, [{"$match": where}, {"$group": group}], hint="ended")
        if not rows:
            return 0, None
        average = rows[0]["milliseconds"]
        return rows[0]["count"], None if average is None else average / 60_000

    async def live(self, service_id: str, status: Status | None, after: int, limit: int) -> Sequence[Token]:
        """Those in line, by number, whichever day it is from."""
        where: Document = {"service_id": service_id, "live_number": {"$gt": max(after, 0)}}
        return await self._listed(where | ({"status": status} if status else {}), "live_number", limit)

    async def of_day(
        self, service_id: str, day: str, status: Status, after: int, limit: int
    ) -> Sequence[Token]:
        """Those who joined that day and have come so far, by number."""
        where = {"service_id": service_id, "day": day, "number": {"$gt": after}, "status": status}
        return await self._listed(where, "number", limit)

    async def _listed(self, where: Document, by: str, limit: int) -> Sequence[Token]:
        found = self._tokens.find(where, hint=by).sort(by, 1).limit(limit)
        return [token_of(document) async for document in found]


def _at_counter(document: Document) -> AtCounter:
    status = document["status"]
    called, started = document.get("called_at"), document.get("started_at")
    return AtCounter(
        document["number"],
        document.get("counter"),
        status,
        called,
        started if status == "serving" else called,
    )
