"""What a forecast needs of ``tokens``: two reads, each along one index, of a bounded number of documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.core.mongo import Collection, Database, Document
from app.queues.models import Promise
from app.queues.stays import Visit

_WANTED = {
    "_id": 0,
    "counter": 1,
    "joined_at": 1,
    "called_at": 1,
    "ended_at": 1,
    "status": 1,
    "forecast": 1,
    "history.from": 1,
    "history.to": 1,
}
_CALLED = ["called", "serving"]
_OVER = ["completed", "no_show"]
MOST_AT_COUNTERS = 500


class PaceReads:
    def __init__(self, database: Database) -> None:
        self._tokens: Collection = database["tokens"]

    async def ended(self, service_id: str, count: int) -> list[Visit]:
        """The last ones to leave a counter, shown up or not. Two runs of the index ``ended``, merged."""
        where = {"service_id": service_id, "status": {"$in": _OVER}}
        found = self._tokens.find(where, _WANTED, hint="ended").sort("ended_at", -1).limit(count)
        return _visits(await found.to_list(count))

    async def present(self, service_id: str) -> list[Visit]:
        """Those at a counter now."""
        where = {"service_id": service_id, "status": {"$in": _CALLED}}
        found = self._tokens.find(where, _WANTED, hint="order").limit(MOST_AT_COUNTERS)
        return _visits(await found.to_list(MOST_AT_COUNTERS))


def _visits(documents: Sequence[Document]) -> list[Visit]:
    return [_visit(document) for document in documents if document.get("called_at") is not None]


def _visit(document: Document) -> Visit:
    over = document["status"] in _OVER
    called_at: datetime = document["called_at"]
    return Visit(
        document.get("counter") or "",
        document["joined_at"],
        called_at,
        document.get("ended_at", called_at) if over else None,
        _promise(document.get("forecast")),
        _straight(document.get("history", ())),
    )


def _straight(history: Sequence[Document]) -> bool:
    """From joining to the only call nothing but waiting. Entries that move nothing do not count."""
    moves = [entry.get("to") for entry in history if entry.get("from") != entry.get("to")]
    return moves[:2] == ["waiting", "called"] and "called" not in moves[2:]


def _promise(document: Document | None) -> Promise | None:
    if document is None:
        return None
    return Promise(document["median_seconds"], document["p90_seconds"], document["ahead"], document["at"])
