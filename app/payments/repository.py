"""The collection ``payments``. State moves by compare-and-set on the version only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.core.errors import Transient
from app.core.messages import Message, outbox
from app.core.mongo import (
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    aggregate,
    due,
    ensure_indexes,
)
from app.payments.models import UNPAID, Payment, parse

INDEXES = [
    IndexModel("order_id", name="order"),
    IndexModel([("event_id", 1), ("status", 1)], name="event"),
    IndexModel("poll_at", name="poll", partialFilterExpression={"poll_at": {"$type": "date"}}),
    IndexModel("settle_at", name="settle", partialFilterExpression={"settle_at": {"$type": "date"}}),
    IndexModel("refund_at", name="refund", partialFilterExpression={"refund_at": {"$type": "date"}}),
]


FORGOTTEN = "erased"


class Payments:
    """``poll_at``, ``settle_at`` and ``refund_at`` say when a sweeper looks at a payment next.

    They are there exactly while something is owed: an answer from the provider, a disposition, a refund.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._payments = database["payments"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(self._payments, INDEXES)

    async def insert(self, document: Document) -> bool:
        """False when it is there already: ids are derived, so an earlier try made the same one."""
        try:
            await self._payments.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def find(self, id: str) -> Payment | None:
        found = await self._payments.find_one({"_id": id})
        return parse(found) if found else None

    async def get(self, id: str) -> Payment:
        """One that must be there. Raises Transient when it cannot be read yet."""
        payment = await self.find(id)
        if payment is None:
            raise Transient("the payment is not readable yet")
        return payment

    async def update(
        self,
        payment: Payment,
        *,
        cause: str,
        fields: Document | None = None,
        unset: Sequence[str] = (),
        push: Document | None = None,
        messages: Sequence[Message] = (),
        expect: Document | None = None,
        array_filters: Sequence[Document] = (),
    ) -> Payment | None:
        """One decision: fields, history and messages, if the payment is still at this version."""
        now = self._clock.now()
        history: Document = {"at": now, "cause": cause}
        if fields and "status" in fields:
            history |= {"from": payment.status, "to": fields["status"]}
        pushes: Document = {"history": history, **(push or {})}
        if messages:
            pushes["outbox"] = {"$each": outbox(messages, version=payment.version + 1, at=now)}
        change: Document = {"$push": pushes, "$inc": {"version": 1}}
        if fields:
            change["$set"] = fields
        if unset:
            change["$unset"] = dict.fromkeys(unset, "")
        found = await self._payments.find_one_and_update(
            {"_id": payment.id, "version": payment.version, **(expect or {})},
            change,
            return_document=True,
            array_filters=list(array_filters) or None,
        )
        return parse(found) if found else None

    async def postpone(self, payment: Payment, field: str, until: datetime) -> None:
        """Nothing is decided by it: only when a sweeper looks next, if it still has to."""
        await self._payments.update_one(
            {"_id": payment.id, field: {"$type": "date"}}, {"$set": {field: until}}
        )

    async def forget_reasons(self, order_ids: Sequence[str]) -> None:
        """Nothing is decided by it: what somebody typed is struck from the refunds of these orders."""
        await self._payments.update_many(
            {"order_id": {"$in": list(order_ids)}, "refunds.reason": {"$gt": ""}},
            {"$set": {"refunds.$[].reason": FORGOTTEN}},
        )

    async def lease_due(self, field: str, limit: int, again_in: timedelta) -> list[Payment]:
        """Payments whose ``field`` has come, each put off for ``again_in`` so that one sweeper has it."""
        leased: list[Payment] = []
        for _ in range(limit):
            found = await self._payments.find_one_and_update(
                due(field), {"$set": {field: self._clock.now() + again_in}}, return_document=True
            )
            if found is None:
                break
            leased.append(parse(found))
        return leased

    async def of_orders(self, order_ids: Sequence[str]) -> list[Payment]:
        query: Document = {"order_id": {"$in": list(order_ids)}}
        return [parse(found) async for found in self._payments.find(query)]

    async def many(self, ids: Sequence[str]) -> list[Payment]:
        return [parse(found) async for found in self._payments.find({"_id": {"$in": list(ids)}})]

    async def revenue(self, events: Sequence[str] | None = None) -> dict[str, dict[str, int]]:
        """Currency -> captured and refunded minor units. Quarantine is no revenue."""
        where: Document = {"status": "captured", "disposition": {"$ne": "quarantined"}}
        if events is not None:
            where["event_id"] = {"$in": list(events)}
        counted = {"$filter": {"input": "$refunds", "cond": {"$ne": ["$$this.state", "failed"]}}}
        group = {
            "_id": "$captured.currency",
            "captured": {"$sum": "$captured.amount"},
            "refunded": {"$sum": {"$sum": {"$map": {"input": counted, "in": "$$this.amount"}}}},
        }
        rows = await aggregate(self._payments, [{"$match": where}, {"$group": group}])
        return {row["_id"]: {"captured": row["captured"], "refunded": row["refunded"]} for row in rows}


__all__ = ["UNPAID", "Payments"]
