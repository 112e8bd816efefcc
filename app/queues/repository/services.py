"""The collection ``services``. A service changes by compare-and-set on its version, with its messages.

Its invites change apart from that, by compare-and-set on the newest: a screen that turns to the next QR
code must not make what the staff typed stale.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.messages import Message, outbox
from app.core.mongo import (
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    duplicate_of,
    ensure_indexes,
)
from app.queues.documents import invite_document, service_document, service_of, settings_document
from app.queues.errors import SlugTaken
from app.queues.models import Invite, Service

HISTORY_KEPT = 200
_OURS = {"history": 0, "outbox": 0}


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a service's history. ``action`` names the keyed request that made it, if one did."""

    what: str
    by: str
    at: datetime
    fields: tuple[str, ...] = ()
    action: str | None = None

    def entry(self) -> Document:
        entry: Document = {"what": self.what, "by": self.by, "at": self.at, "fields": list(self.fields)}
        return entry | ({"action": self.action} if self.action else {})


class Services:
    def __init__(self, database: Database) -> None:
        self._services = database["services"]

    async def prepare(self) -> None:
        indexes = [
            IndexModel("slug", name="slug", unique=True),
            IndexModel("verify", name="verify"),
            IndexModel("former_slugs", name="former_slugs"),
        ]
        await ensure_indexes(self._services, indexes)

    async def insert(self, service: Service, change: Change, messages: Sequence[Message]) -> bool:
        """False when a service of this id is already there. Raises SlugTaken."""
        told = outbox(messages, version=service.version, at=change.at)
        document = service_document(service) | {"history": [change.entry()], "outbox": told}
        try:
            await self._services.insert_one(document)
        except DuplicateKeyError as error:
            if duplicate_of(error)[0] == {"_id"}:
                return False
            raise SlugTaken from error
        return True

    async def find(self, id: str) -> Service | None:
        found = await self._services.find_one({"_id": id}, _OURS)
        return service_of(found) if found else None

    async def by_slug(self, slug: str) -> Service | None:
        """Whose it is now, else whose it was."""
        found = await self._services.find_one({"slug": slug}, _OURS)
        if found is None:
            found = await self._services.find_one({"former_slugs": slug}, _OURS, sort=[("_id", -1)])
        return service_of(found) if found else None

    async def list(self, after: str, limit: int) -> list[Service]:
        """In the order they were created."""
        found = self._services.find({"_id": {"$gt": after}}, _OURS).sort("_id", 1).limit(limit)
        return [service_of(document) async for document in found]

    async def every(self) -> AsyncIterator[Service]:
        """All of them, for sweeps."""
        async for document in self._services.find({}, _OURS, hint="_id_"):
            yield service_of(document)

    async def with_codes(self) -> AsyncIterator[Service]:
        """Those whose people say a one-time code."""
        async for document in self._services.find({"verify": "otp"}, _OURS, hint="verify"):
            yield service_of(document)

    async def done(self, id: str, action: str) -> bool:
        """Whether the keyed request ``action`` has already changed this service."""
        return await self._services.find_one({"_id": id, "history.action": action}, {"_id": 1}) is not None

    async def save(self, service: Service, change: Change, messages: Sequence[Message]) -> Service | None:
        """Writes ``service`` as the next version; None when somebody else wrote in between.

        Raises SlugTaken.
        """
        saved = replace(service, version=service.version + 1)
        try:
            found = await self._services.find_one_and_update(
                {"_id": service.id, "version": service.version},
                {
                    "$set": settings_document(saved),
                    "$inc": {"version": 1},
                    "$push": {
                        "history": {"$each": [change.entry()], "$slice": -HISTORY_KEPT},
                        "outbox": {"$each": outbox(messages, version=saved.version, at=change.at)},
                    },
                },
                projection=_OURS,
                return_document=True,
            )
        except DuplicateKeyError as error:
            raise SlugTaken from error
        return service_of(found) if found else None

    async def issue(self, service: Service, invite: Invite, kept: Sequence[Invite]) -> bool:
        """The next invite after those known; False when somebody else issued one in between."""
        newest = service.invites[-1].n if service.invites else 0
        known = (
            {"invites.n": {"$eq": newest, "$not": {"$gt": newest}}}
            if newest
            else {"invites.0": {"$exists": False}}
        )
        result = await self._services.update_one(
            {"_id": service.id, **known},
            {"$set": {"invites": [invite_document(one) for one in (*kept, invite)]}},
        )
        return result.matched_count > 0
