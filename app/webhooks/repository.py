"""The ``deliveries`` collection, unique by (provider, external_id)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.core.errors import NotFound
from app.core.messages import Message, unversioned
from app.core.mongo import (
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    aggregate,
    due,
    ensure_indexes,
)
from app.webhooks.models import UNHANDLED, Delivery, DeliveryStatus

_WAITING = {"status": "received"}


class DeliveryRepository:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._deliveries = database["deliveries"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(
            self._deliveries,
            [
                IndexModel([("provider", 1), ("external_id", 1)], unique=True),
                IndexModel("next_at", partialFilterExpression=_WAITING),
                IndexModel([("status", 1), ("_id", -1)]),
            ],
        )

    async def add(self, delivery: Delivery, body: str, next_at: datetime) -> bool:
        """False when the provider delivered this before. The body stays with what is still to be handled."""
        kept = {} if delivery.status == "ignored" else {"body": body}
        try:
            await self._deliveries.insert_one(_document(delivery) | kept | {"next_at": next_at})
        except DuplicateKeyError:
            return False
        return True

    async def again(self, provider: str, external_id: str, next_at: datetime) -> Delivery | None:
        """Arms what was delivered again and is not handled yet; None where nothing is left to do."""
        return await self._arm({"provider": provider, "external_id": external_id}, next_at)

    async def retry(self, id: str, next_at: datetime, messages: Sequence[Message] = ()) -> Delivery | None:
        return await self._arm({"_id": id}, next_at, messages)

    async def get(self, id: str) -> Delivery:
        document = await self._deliveries.find_one({"_id": id}, {"body": 0})
        if document is None:
            raise NotFound
        return _delivery(document)

    async def close(self, id: str, status: DeliveryStatus, reason: str | None = None) -> None:
        """A handled one loses its body: nobody reads it again, and providers write buyers' names into it."""
        handled = status == "handled"
        handled_at = self._clock.now() if handled else None
        change: Document = {"$set": {"status": status, "reason": reason, "handled_at": handled_at}}
        if handled:
            change["$unset"] = {"body": ""}
        await self._deliveries.update_one({"_id": id} | _WAITING, change)

    async def failed(self, id: str, error: str, next_at: datetime) -> None:
        change = {"$set": {"last_error": error, "next_at": next_at}, "$inc": {"tries": 1}}
        await self._deliveries.update_one({"_id": id} | _WAITING, change)

    async def overdue(self, limit: int, pause: timedelta) -> list[str]:
        """Unhandled ones whose time has come; they come again after ``pause`` at the earliest."""
        found = await self._deliveries.find(_WAITING | due("next_at"), {"_id": 1}).limit(limit).to_list(limit)
        ids = [document["_id"] for document in found]
        if ids:
            change = {"$set": {"next_at": self._clock.now() + pause}}
            await self._deliveries.update_many({"_id": {"$in": ids}} | _WAITING, change)
        return ids

    async def listed(
        self, *, status: DeliveryStatus | None, provider: str | None, limit: int, after: str
    ) -> list[Delivery]:
        """Newest first, without bodies."""
        where: dict[str, Any] = {}
        if status:
            where["status"] = status
        if provider:
            where["provider"] = provider
        if after:
            where["_id"] = {"$lt": after}
        cursor = self._deliveries.find(where, {"body": 0}).sort("_id", -1).limit(limit)
        return [_delivery(document) for document in await cursor.to_list(limit)]

    async def waiting(self) -> dict[str, int]:
        """How many wait, and how many wait for a person."""
        match = {"$match": {"status": {"$in": list(UNHANDLED)}}}
        found = await aggregate(self._deliveries, [match, {"$group": {"_id": "$status", "n": {"$sum": 1}}}])
        counted = {document["_id"]: int(document["n"]) for document in found}
        return {status: counted.get(status, 0) for status in UNHANDLED}

    async def _arm(
        self, which: Document, next_at: datetime, messages: Sequence[Message] = ()
    ) -> Delivery | None:
        change: Document = {"$set": {"status": "received", "reason": None, "next_at": next_at}}
        if messages:
            change["$push"] = {"outbox": {"$each": unversioned(messages, at=self._clock.now())}}
        where = which | {"status": {"$in": list(UNHANDLED)}}
        document = await self._deliveries.find_one_and_update(where, change, return_document=True)
        return _delivery(document) if document else None


def _document(delivery: Delivery) -> Document:
    return {
        "_id": delivery.id,
        "provider": delivery.provider,
        "external_id": delivery.external_id,
        "type": delivery.type,
        "ref": delivery.ref,
        "status": delivery.status,
        "reason": delivery.reason,
        "tries": delivery.tries,
        "last_error": delivery.last_error,
        "received_at": delivery.received_at,
        "handled_at": delivery.handled_at,
    }


def _delivery(document: Document) -> Delivery:
    return Delivery(
        id=document["_id"],
        provider=document["provider"],
        external_id=document["external_id"],
        type=document["type"],
        ref=document["ref"],
        status=document["status"],
        reason=document["reason"],
        tries=document["tries"],
        last_error=document["last_error"],
        received_at=document["received_at"],
        handled_at=document["handled_at"],
    )
