"""The ``events`` collection. An event changes by compare-and-set on its version, with its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from app.catalogue.models import Event, EventStatus, TicketType
from app.catalogue.seating import Row, Section
from app.core.messages import Message, outbox
from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, ensure_indexes

HISTORY_KEPT = 200
_OURS = {"history": 0, "outbox": 0}
_FIELDS = [field.name for field in fields(Event) if field.name != "id"]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of an event's history. ``action`` names the keyed request that made it, if one did."""

    what: str
    by: str
    at: datetime
    fields: tuple[str, ...] = ()
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    statuses: tuple[EventStatus, ...]
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    unpublished_of: Sequence[str] | None = None
    """Where given, only these events are found in another state than published."""


class Events:
    def __init__(self, database: Database) -> None:
        self._events = database["events"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._events,
            [
                IndexModel([("status", 1), ("_id", 1)]),
                IndexModel([("status", 1), ("starts_at", 1)]),
                IndexModel([("guests_forgotten", 1), ("starts_at", 1)]),
                IndexModel("outbox.id", name="outbox", partialFilterExpression={"outbox.id": {"$gt": ""}}),
            ],
        )

    async def insert(self, event: Event, change: Change, messages: Sequence[Message] = ()) -> bool:
        """False when an event of this id is already there."""
        told = outbox(messages, version=event.version, at=change.at)
        document = _document(event) | {"_id": event.id, "history": [_entry(change)], "outbox": told}
        try:
            await self._events.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def get(self, event_id: str) -> Event | None:
        found = await self._events.find_one({"_id": event_id}, _OURS)
        return _event(found) if found else None

    async def version(self, event_id: str) -> int | None:
        found = await self._events.find_one({"_id": event_id}, {"version": 1})
        return int(found["version"]) if found else None

    async def done(self, event_id: str, action: str) -> bool:
        """Whether the keyed request ``action`` has already changed this event."""
        return (
            await self._events.find_one({"_id": event_id, "history.action": action}, {"_id": 1}) is not None
        )

    async def save(self, event: Event, change: Change, *messages: Message) -> Event | None:
        """Writes ``event`` as the next version; None when somebody else wrote in between."""
        saved = replace(event, version=event.version + 1)
        result = await self._events.update_one(
            {"_id": event.id, "version": event.version},
            {
                "$set": _document(saved),
                "$push": {
                    "history": {"$each": [_entry(change)], "$slice": -HISTORY_KEPT},
                    "outbox": {"$each": outbox(messages, version=saved.version, at=change.at)},
                },
            },
        )
        return saved if result.matched_count else None

    async def list(self, search: Search, after: str, limit: int) -> Sequence[Event]:
        """In the order they were created. Without seat plans, which may be large."""
        wanted: Document = {"status": {"$in": list(search.statuses)}, "_id": {"$gt": after}}
        starts = {"$gte": search.starts_from, "$lt": search.starts_to}
        if search.unpublished_of is not None:
            wanted["$or"] = [{"status": "published"}, {"_id": {"$in": list(search.unpublished_of)}}]
        if bounds := {name: at for name, at in starts.items() if at is not None}:
            wanted["starts_at"] = bounds
        cursor = self._events.find(wanted, {**_OURS, "seating": 0}).sort("_id", 1).limit(limit)
        return [_event(found) for found in await cursor.to_list(None)]

    async def over_before(self, at: datetime, limit: int) -> Sequence[str]:
        """Ids of events over by then whose guests are still known."""
        over: Document = {"guests_forgotten": None, "starts_at": {"$lte": at}}
        ended = {"$or": [{"ends_at": None}, {"ends_at": {"$lte": at}}]}
        found = self._events.find({**over, **ended}, {"_id": 1}).limit(limit)
        return [document["_id"] async for document in found]

    async def guests_forgotten(self, event_id: str, at: datetime) -> None:
        """Housekeeping, and no change of the event: its version stays."""
        await self._events.update_one({"_id": event_id}, {"$set": {"guests_forgotten": at}})

    async def on_sale(self, at: datetime, limit: int) -> Sequence[str]:
        """Ids of published events that begin after ``at``, the next first."""
        found = self._events.find({"status": "published", "starts_at": {"$gt": at}}, {"_id": 1})
        return [document["_id"] async for document in found.sort("starts_at", 1).limit(limit)]

    async def cancelled_since(self, at: datetime) -> Sequence[str]:
        """Ids of events cancelled at ``at`` or later."""
        entry = {"$elemMatch": {"what": "cancelled", "at": {"$gte": at}}}
        found = self._events.find({"status": "cancelled", "history": entry}, {"_id": 1})
        return [document["_id"] async for document in found]


def _document(event: Event) -> Document:
    """All fields that the catalogue owns; ``history`` and ``outbox`` are only ever pushed to."""
    document = asdict(event)
    del document["id"]
    return document


def _entry(change: Change) -> Document:
    entry = {name: value for name, value in asdict(change).items() if value}
    return entry | {"fields": list(change.fields)}


def _event(found: Document) -> Event:
    values: dict[str, Any] = {name: found[name] for name in _FIELDS if name in found}
    values["ticket_types"] = tuple(TicketType(**kind) for kind in found["ticket_types"])
    values["seating"] = tuple(_section(section) for section in found.get("seating", ()))
    return Event(id=found["_id"], **values)


def _section(found: Document) -> Section:
    rows = tuple(Row(row["name"], row["seats"], row["open"]) for row in found["rows"])
    return Section(found["name"], found["ticket_type_id"], rows)
