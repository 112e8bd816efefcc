"""The collection ``sandbox_ledger``: one document per charge, written by the sandbox alone.

The document ``faults`` beside the charges is what every process of this installation is told to do wrong.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.core.ids import derived_id, new_id
from app.core.money import Money
from app.core.mongo import Collection, Database, Document, DuplicateKeyError, due, not_due
from app.payments.providers.base import Charge, RefundReading
from app.payments.providers.sandbox.charges import EventType, HistoryEntry, LedgerCharge, State
from app.payments.providers.sandbox.faults import Faults

COLLECTION = "sandbox_ledger"
FAULTS_ID = "faults"
LIFE_PAST_DEADLINE = timedelta(minutes=30)
"""Sessions outlive the hold, as at Stripe, so that closing them in time matters here too."""
PAYABLE: tuple[State, ...] = ("open", "failed")
_TRIES = 10
"""A miss means that somebody else moved the charge meanwhile, which happens a few times in its life."""


class SandboxLedger:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._charges: Collection = database[COLLECTION]
        self._clock = clock

    async def insert(self, charge: Charge) -> tuple[LedgerCharge, bool]:
        """The charge, and whether this call created it."""
        document = self._new_document(charge)
        try:
            await self._charges.insert_one(document)
        except DuplicateKeyError:
            return _to_charge(await self._document(document["_id"])), False
        return _to_charge(document), True

    async def find(self, ref: str) -> LedgerCharge | None:
        document = await self._charges.find_one({"_id": ref, "payment_id": {"$exists": True}})
        return _to_charge(document) if document else None

    async def move(
        self,
        ref: str,
        sources: tuple[State, ...],
        target: State,
        event_type: EventType | None,
        captured: Money | None = None,
    ) -> LedgerCharge | None:
        """Compare-and-set. None when the charge stands elsewhere or its session is over."""
        for _ in range(_TRIES):
            before = await self._document(ref)
            if before["state"] not in sources:
                return None
            criteria: Document = {"_id": ref, "state": before["state"]}
            if before["state"] in PAYABLE and target != "closed":
                criteria |= not_due("expires_at")
            after = await self._write(before, criteria, target, event_type, captured)
            if after is not None:
                return after
        return None

    async def end_overdue(self, charge: LedgerCharge) -> LedgerCharge | None:
        before = await self._document(charge.ref)
        criteria = {"_id": charge.ref, "state": {"$in": list(PAYABLE)}, **due("expires_at")}
        return await self._write(before, criteria, "closed", "payment.closed", None)

    async def add_refund(self, ref: str, refund_id: str, amount: int, reason: str) -> LedgerCharge | None:
        """One conditional update: captured, not yet refunded under this id, and never above the capture."""
        entry = self._history("captured", "captured", "payment.refunded")
        refund = {
            "refund_id": refund_id,
            "ref": derived_id("sbre", ref, refund_id),
            "amount": amount,
            "state": "done",
            "reason": reason,
            "at": entry["at"],
        }
        criteria = {
            "_id": ref,
            "state": "captured",
            "refunds.refund_id": {"$ne": refund_id},
            "$expr": {"$lte": [{"$add": [{"$sum": "$refunds.amount"}, amount]}, "$captured.amount"]},
        }
        update = {"$push": {"refunds": refund, "history": entry}}
        document = await self._charges.find_one_and_update(criteria, update, return_document=True)
        return _to_charge(document) if document else None

    async def captured_since(self, since: datetime) -> AsyncIterator[LedgerCharge]:
        cursor = self._charges.find({"state": "captured", "captured_at": {"$gte": since}})
        async for document in cursor.sort("captured_at", 1):
            yield _to_charge(document)

    async def shared_faults(self) -> Faults | None:
        document = await self._charges.find_one({"_id": FAULTS_ID})
        return _to_faults(document["faults"]) if document else None

    async def set_faults(self, faults: Faults | None, ref: str | None = None) -> bool:
        """For one charge, or without ``ref`` for all of them. None takes them away."""
        criteria = {"_id": ref or FAULTS_ID}
        change = {"$set": {"faults": faults.model_dump()}} if faults else {"$unset": {"faults": ""}}
        if ref is None and faults is None:
            await self._charges.delete_one(criteria)
            return True
        result = await self._charges.update_one(criteria, change, upsert=ref is None)
        return ref is None or result.matched_count == 1

    async def _write(
        self,
        before: Document,
        criteria: Document,
        target: State,
        event_type: EventType | None,
        captured: Money | None,
    ) -> LedgerCharge | None:
        entry = self._history(before["state"], target, event_type)
        changes: Document = {"state": target}
        if captured is not None:
            changes |= {"captured": _money(captured), "captured_at": entry["at"]}
        document = await self._charges.find_one_and_update(
            criteria, {"$set": changes, "$push": {"history": entry}}, return_document=True
        )
        return _to_charge(document) if document else None

    async def _document(self, ref: str) -> Document:
        document = await self._charges.find_one({"_id": ref})
        if document is None:
            raise LookupError(ref)
        return document

    def _new_document(self, charge: Charge) -> Document:
        return {
            "_id": ref_of(charge.payment_id),
            "payment_id": charge.payment_id,
            "order_id": charge.order_id,
            "event_id": charge.event_id,
            "description": charge.description,
            "total": _money(charge.total),
            "mode": charge.mode,
            "return_url": charge.return_url,
            "expires_at": charge.expires_at + LIFE_PAST_DEADLINE,
            "created_at": self._clock.now(),
            "state": "open",
            "captured": None,
            "captured_at": None,
            "refunds": [],
            "history": [],
        }

    def _history(self, before: State, after: State, event_type: EventType | None) -> Document:
        return {
            "at": self._clock.now(),
            "before": before,
            "after": after,
            "event_type": event_type,
            "event_id": new_id("sbxevt"),
        }


def ref_of(payment_id: str) -> str:
    return derived_id("sbx", payment_id)


def _money(money: Money) -> Document:
    return {"amount": money.amount, "currency": money.currency}


def _to_faults(document: Mapping[str, Any] | None) -> Faults | None:
    return Faults.model_validate(document) if document else None


def _to_refund(document: Mapping[str, Any]) -> RefundReading:
    return RefundReading(document["refund_id"], document["ref"], document["amount"], document["state"])


def _to_charge(document: Mapping[str, Any]) -> LedgerCharge:
    captured = document["captured"]
    return LedgerCharge(
        ref=document["_id"],
        payment_id=document["payment_id"],
        order_id=document["order_id"],
        description=document["description"],
        total=Money(**document["total"]),
        mode=document["mode"],
        return_url=document["return_url"],
        expires_at=document["expires_at"],
        state=document["state"],
        captured=Money(**captured) if captured else None,
        captured_at=document["captured_at"],
        refunds=tuple(_to_refund(refund) for refund in document["refunds"]),
        faults=_to_faults(document.get("faults")),
        history=tuple(HistoryEntry(**entry) for entry in document["history"]),
    )
