"""The claims of live orders: the authority on which unit is whose.

Claims live in the documents of ``orders``, where the unique index on (event_id, claims) makes two live
orders with one unit impossible. This file reads them and inserts blocks; orders write their own.
"""

from __future__ import annotations

from collections.abc import Collection as Units
from datetime import datetime

from app.core.mongo import (
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    aggregate,
    duplicate_of,
    ensure_indexes,
)
from app.stock.models import Claim

BATCH = 2_000
"""So many documents are turned into claims before others get their turn."""
LIVE = {"claims": {"$gt": ""}}
"""Matches live orders, and lets the planner use the partial index."""

CLAIMS_INDEX = IndexModel(
    [("event_id", 1), ("claims", 1)],
    name="claims",
    unique=True,
    partialFilterExpression={"claims": {"$gt": ""}},
)


class Claims:
    def __init__(self, database: Database) -> None:
        self._orders = database["orders"]

    async def prepare(self) -> None:
        await ensure_indexes(self._orders, [CLAIMS_INDEX])

    async def load(self, event_id: str) -> list[Claim]:
        """All live claims of one event, as of no single moment: changes meanwhile may be missed."""
        fields = {"claims": 1, "status": 1, "deadline": 1, "payment.opened": 1}
        found = self._orders.find({"event_id": event_id, **LIVE}, fields, batch_size=BATCH)
        return [_claim(document) async for document in found]

    async def count(self, event_id: str) -> int:
        """How many units of an event are claimed."""
        units = {"$group": {"_id": None, "units": {"$sum": {"$size": "$claims"}}}}
        rows = await aggregate(self._orders, [{"$match": {"event_id": event_id, **LIVE}}, units])
        return int(rows[0]["units"]) if rows else 0

    async def block(self, event_id: str, block_id: str, units: Units[str], reason: str, at: datetime) -> bool:
        """Claims units for nobody. False when one of them is claimed; True again for the same id."""
        entry = {"at": at, "from": None, "to": "confirmed", "cause": reason, "by": "system"}
        document: Document = {
            "_id": block_id,
            "event_id": event_id,
            "kind": "block",
            "status": "confirmed",
            "claims": list(units),
            "units": list(units),
            "history": [entry],
            "version": 1,
            "created_at": at,
        }
        try:
            await self._orders.insert_one(document)
        except DuplicateKeyError as error:
            fields, _ = duplicate_of(error)
            return fields == {"_id"}
        return True

    async def blocked(self, event_id: str) -> dict[str, tuple[str, ...]]:
        """Block id -> its units."""
        found = self._orders.find({"event_id": event_id, "kind": "block", **LIVE}, {"claims": 1})
        return {document["_id"]: tuple(document["claims"]) async for document in found}


def _claim(document: Document) -> Claim:
    pending = document["status"] == "pending"
    opened = document.get("payment", {}).get("opened") is not None
    return Claim(
        order_id=document["_id"],
        units=tuple(document["claims"]),
        held=document["status"] in ("offered", "pending", "expiring"),
        due=document.get("deadline") if pending and not opened else None,
    )
