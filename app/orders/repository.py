"""The collection ``orders``. State moves by compare-and-set only; indexes decide who owns a unit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from app.core.batch import Batch
from app.core.clock import Clock
from app.core.errors import IllegalTransition
from app.core.messages import Message, outbox
from app.core.mongo import (
    Database,
    Document,
    IndexModel,
    aggregate,
    due,
    ensure_indexes,
    insert_each,
    not_due,
)
from app.orders.documents import document_of, order_of
from app.orders.expiring import expiring
from app.orders.forgetting import forgetting
from app.orders.models import Order, Status, may_move
from app.orders.outcomes import Outcome, outcome_of
from app.orders.person import Person

_DATE = {"$type": "date"}
INDEXES = [
    IndexModel(
        [("event_id", 1), ("limits", 1)],
        name="limits",
        unique=True,
        partialFilterExpression={"limits": {"$gt": ""}},
    ),
    IndexModel(
        [("event_id", 1), ("idem.caller", 1), ("idem.key", 1)],
        name="idem",
        unique=True,
        partialFilterExpression={"idem.key": {"$gt": ""}},
    ),
    IndexModel("deadline", name="deadline", partialFilterExpression={"deadline": _DATE}),
    IndexModel("check_at", name="check", partialFilterExpression={"check_at": _DATE}),
    IndexModel("refund_at", name="refund", partialFilterExpression={"refund_at": _DATE}),
    IndexModel([("owner", 1), ("_id", 1)], name="owner", partialFilterExpression={"owner": {"$gt": ""}}),
    IndexModel(
        [("caller", 1), ("_id", 1)],
        name="guests",
        partialFilterExpression={"caller": {"$gte": "guest:", "$lt": "guest;"}},
    ),
    IndexModel("event_id", name="contacts", partialFilterExpression={"customer.email": {"$gt": ""}}),
]

NEVER_OPENED = {"status": "pending", "payment.opened": {"$exists": False}}


Key = tuple[str, str, str]
"""Event, caller, idempotency key."""


class Orders:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._orders = database["orders"]
        self._clock = clock
        self._inserting: Batch[Document, Outcome] = Batch(self._insert_each)
        self._looking_up: Batch[Key, Document | None] = Batch(self._by_keys)

    async def prepare(self) -> None:
        await ensure_indexes(self._orders, INDEXES)

    async def insert(self, order: Order, messages: Sequence[Message]) -> Outcome:
        """The decision of a booking: all its units become its claims, or none."""
        document = document_of(order)
        document["outbox"] = outbox(messages, version=order.version, at=order.created_at)
        return await self._inserting(document)

    async def _insert_each(self, documents: Sequence[Document]) -> list[Outcome | Exception]:
        return [outcome_of(error) for error in await insert_each(self._orders, documents)]

    async def find(self, id: str) -> Order | None:
        found = await self._orders.find_one({"_id": id})
        return order_of(found) if found and found["kind"] == "sale" else None

    async def many(self, ids: Sequence[str]) -> list[Order]:
        found = self._orders.find({"_id": {"$in": list(ids)}, "kind": "sale"})
        return [order_of(document) async for document in found]

    async def places_by_status(self, events: Sequence[str] | None = None) -> dict[str, int]:
        """Claimed places of live sales, by the order's status; of some events or of all."""
        where: Document = {"claims": {"$gt": ""}, "kind": "sale"}
        if events is not None:
            where["event_id"] = {"$in": list(events)}
        places = {"$sum": {"$size": "$claims"}}
        rows = await aggregate(
            self._orders, [{"$match": where}, {"$group": {"_id": "$status", "places": places}}]
        )
        return {row["_id"]: row["places"] for row in rows}

    async def by_key(self, event_id: str, caller: str, key: str) -> Order | None:
        found = await self._looking_up((event_id, caller, key))
        return order_of(found) if found else None

    async def _by_keys(self, wanted: Sequence[Key]) -> list[Document | Exception | None]:
        """May find more than was asked for, where callers chose the same keys."""
        events, callers, keys = (list(set(part)) for part in zip(*wanted, strict=True))
        among = {"event_id": {"$in": events}, "idem.caller": {"$in": callers}, "idem.key": {"$in": keys}}
        found = {
            (document["event_id"], document["idem"]["caller"], document["idem"]["key"]): document
            async for document in self._orders.find(among, hint="idem")
        }
        return [found.get(key) for key in wanted]

    async def forget_key(self, order: Order) -> None:
        """An idempotency key past its time makes room for a new request."""
        await self._orders.update_one(self._at(order), {"$unset": {"idem": ""}})

    async def of_person(self, person: Person, after: str, limit: int) -> list[Order]:
        """The newest first."""
        wanted = [{**one, "_id": {"$lt": after}} for one in person.orders] if after else person.orders
        found = self._orders.find({"$or": wanted}).sort("_id", -1).limit(limit)
        return [order_of(document) async for document in found]

    async def move(
        self,
        order: Order,
        to: Status,
        *,
        cause: str,
        by: str,
        key: str | None = None,
        fields: Document | None = None,
        unset: Sequence[str] = (),
        push: Document | None = None,
        pull: Document | None = None,
        pull_all: Document | None = None,
        expect: Document | None = None,
        messages: Sequence[Message] = (),
        array_filters: Sequence[Document] = (),
    ) -> Order | None:
        """One decision: the new state, its history entry and its messages in one conditional update.

        None when the order is no longer at this version, or ``expect`` does not hold. Raises
        DuplicateKeyError when ``fields`` claims units that somebody has, IllegalTransition when the
        table knows no such move.
        """
        if to != order.status and not may_move(order, to):
            raise IllegalTransition(state=order.status)
        now = self._clock.now()
        entry: Document = {"at": now, "from": order.status, "to": to, "cause": cause, "by": by}
        if key:
            entry["key"] = key
        change: Document = {
            "$set": {"status": to, **(fields or {})},
            "$inc": {"version": 1},
            "$push": {
                "history": entry,
                "outbox": {"$each": outbox(messages, version=order.version + 1, at=now)},
                **(push or {}),
            },
        }
        if unset:
            change["$unset"] = dict.fromkeys(unset, "")
        if pull:
            change["$pull"] = pull
        if pull_all:
            change["$pullAll"] = pull_all
        found = await self._orders.find_one_and_update(
            {**self._at(order), **(expect or {})},
            change,
            return_document=True,
            array_filters=list(array_filters) or None,
        )
        return order_of(found) if found else None

    async def holder(self, event_id: str, unit: str) -> Order | None:
        """The live order that claims a unit."""
        found = await self._orders.find_one({"event_id": event_id, "claims": unit, "kind": "sale"})
        return order_of(found) if found else None

    async def overdue_never_opened(self, limit: int) -> list[str]:
        """Ids only: ``expire`` looks again."""
        found = self._orders.find({**NEVER_OPENED, **due("deadline")}, {"_id": 1}, hint="deadline")
        return [document["_id"] async for document in found.limit(limit)]

    async def expire(self, ids: Sequence[str]) -> list[Order]:
        """Ends overdue orders that were never opened, each with its own history and messages.

        Gives all of ``ids`` that are expired now, also those that somebody else ended meanwhile: giving
        their units back twice does no harm, not giving them back would.
        """
        query = {"_id": {"$in": list(ids)}, **NEVER_OPENED, **due("deadline")}
        await self._orders.update_many(query, expiring(self._clock.now()))
        found = self._orders.find({"_id": {"$in": list(ids)}, "status": "expired"})
        return [order_of(document) async for document in found]

    async def postpone(self, order: Order, field: str, until: datetime) -> None:
        """Nothing is decided by it: only when a sweeper looks next, if it still has to."""
        where = {"_id": order.id, "event_id": order.event_id, field: _DATE}
        await self._orders.update_one(where, {"$set": {field: until}})

    async def leased(self, field: str, again_in: timedelta, limit: int) -> AsyncIterator[Order]:
        """Orders whose ``field`` (``check_at``, ``refund_at``) has come, each put off for ``again_in``."""
        for _ in range(limit):
            found = await self._orders.find_one_and_update(
                due(field), {"$set": {field: self._clock.now() + again_in}}, return_document=True
            )
            if found is None:
                return
            yield order_of(found)

    async def live_sales(self, event_id: str, limit: int) -> list[Order]:
        """Those that are not ending already: ones that wait for a provider must not hide the others."""
        query: Document = {"event_id": event_id, "claims": {"$gt": ""}, "kind": "sale"}
        query["status"] = {"$ne": "expiring"}
        found = self._orders.find(query, hint="claims").limit(limit)
        return [order_of(document) async for document in found]

    async def forget_person(self, person: Person) -> int:
        """Strikes the person from all orders that are theirs. Repeating it changes nothing."""
        result = await self._orders.update_many({"$or": person.orders}, forgetting(self._clock.now()))
        return result.modified_count

    async def forget_guests(self, event_id: str) -> int:
        """The same for those who booked this event without an account."""
        result = await self._orders.update_many(_guests(event_id), forgetting(self._clock.now()))
        return result.modified_count

    async def ids_of_person(self, person: Person) -> list[str]:
        """Those that ``forget_person`` would strike the person from."""
        return await self._ids({"$or": person.orders})

    async def ids_of_guests(self, event_id: str) -> list[str]:
        """The same for ``forget_guests``."""
        return await self._ids(_guests(event_id))

    async def _ids(self, where: Document) -> list[str]:
        return [document["_id"] async for document in self._orders.find(where, {"_id": 1})]

    def _at(self, order: Order) -> Document:
        return {
            "_id": order.id,
            "event_id": order.event_id,
            "status": order.status,
            "version": order.version,
        }


BEFORE_DEADLINE = not_due("deadline")


def _guests(event_id: str) -> Document:
    return {"event_id": event_id, "customer.email": {"$gt": ""}, "owner": {"$exists": False}}
