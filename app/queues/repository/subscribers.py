"""What people in line asked to be told: who follows the line's changes, and whose reminder is owed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.core.mongo import Database, Document, IndexModel, aggregate, ensure_indexes
from app.queues.documents import token_of
from app.queues.line import Order
from app.queues.models import LIVE, Token

_WAITS_FOR_REMINDER: Document = {"notify.minutes_before": {"$gt": 0}, "status": "waiting"}
_OWED: Document = {**_WAITS_FOR_REMINDER, "notify.reminded_at": None}
_REMINDERS = "reminders"
_CHANGES = "changes"


_PLACE = {"priority": 1, "joined_at": 1, "number": 1, "notify.minutes_before": 1}


@dataclass(frozen=True, slots=True)
class Owed:
    """A reminder to the token ``id``, when the median is down to ``minutes``."""

    id: str
    order: Order
    minutes: int


class Subscribers:
    def __init__(self, database: Database) -> None:
        self._tokens = database["tokens"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._tokens,
            [
                IndexModel(
                    [("service_id", 1), ("notify.reminded_at", 1)],
                    name=_REMINDERS,
                    partialFilterExpression=_WAITS_FOR_REMINDER,
                ),
                IndexModel(
                    [("service_id", 1), ("status", 1)],
                    name=_CHANGES,
                    partialFilterExpression={"notify.changes": True},
                ),
            ],
        )

    async def of_changes(self, service_id: str) -> AsyncIterator[Token]:
        """Those in line who want to hear when it changes."""
        where = {"service_id": service_id, "status": {"$in": sorted(LIVE)}, "notify.changes": True}
        async for document in self._tokens.find(where, hint=_CHANGES):
            yield token_of(document)

    async def owed_reminders(self, service_id: str) -> list[Owed]:
        """To those waiting who have not been told yet that it is soon."""
        found = self._tokens.find({"service_id": service_id, **_OWED}, _PLACE, hint=_REMINDERS)
        return [_owed(document) async for document in found]

    async def lines_with_reminders(self) -> list[str]:
        """Ids of lines in which a reminder is owed."""
        groups = [{"$match": _OWED}, {"$group": {"_id": "$service_id"}}]
        return [group["_id"] for group in await aggregate(self._tokens, groups, hint=_REMINDERS)]


def _owed(document: Document) -> Owed:
    order = document["priority"], document["joined_at"], document["number"]
    return Owed(document["_id"], order, document["notify"]["minutes_before"])
