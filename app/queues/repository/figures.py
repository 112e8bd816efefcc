"""What statistics read of ``tokens``: three aggregates, each of one line and one day, each by an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.mongo import Database, Document, aggregate, literal
from app.queues.figures import Promised
from app.queues.models import LIVE
from app.queues.repository.day_end import CAUSE

_ENDS = ("completed", "no_show", "cancelled")
_WAITED = {"$divide": [{"$subtract": ["$called_at", "$joined_at"]}, 1000]}
_SERVED = {"$divide": [{"$subtract": ["$ended_at", "$started_at"]}, 1000]}


@dataclass(frozen=True, slots=True)
class Ended:
    """Those who ended in one hour in one way. Times in seconds; a day's end is nobody's decision and is
    left out."""

    hour: datetime
    status: str
    count: int
    waits: tuple[float, ...]
    served: tuple[float, ...]
    promised: tuple[Promised, ...]


class FigureReads:
    def __init__(self, database: Database) -> None:
        self._tokens = database["tokens"]

    async def live(self, service_id: str) -> dict[str, int]:
        """How many there are in each live state."""
        where = {"service_id": service_id, "status": {"$in": sorted(LIVE)}}
        group = {"_id": "$status", "n": {"$sum": 1}}
        rows = await aggregate(self._tokens, [{"$match": where}, {"$group": group}], hint="order")
        return {row["_id"]: row["n"] for row in rows}

    async def joined(self, service_id: str, day: str, timezone: str) -> dict[datetime, int]:
        """By hour. Those who came from another line joined there."""
        where = {"service_id": service_id, "day": day}
        group = {"_id": _hour("created_at", timezone), "n": {"$sum": 1}}
        rows = await aggregate(self._tokens, [{"$match": where}, {"$group": group}], hint="number")
        return {row["_id"]: row["n"] for row in rows}

    async def ended(self, service_id: str, begins: datetime, ends: datetime, timezone: str) -> list[Ended]:
        where = {
            "service_id": service_id,
            "status": {"$in": list(_ENDS)},
            "ended_at": {"$gte": begins, "$lt": ends},
        }
        of_people = {"$ne": [{"$last": "$history.cause"}, literal(CAUSE)]}
        pipeline: list[Document] = [
            {"$match": where},
            {"$match": {"$expr": of_people}},
            {
                "$group": {
                    "_id": {"hour": _hour("ended_at", timezone), "status": "$status"},
                    "n": {"$sum": 1},
                    "rows": {
                        "$push": {
                            "waited": _WAITED,
                            "served": _SERVED,
                            "median": "$forecast.median_seconds",
                            "p90": "$forecast.p90_seconds",
                        }
                    },
                }
            },
        ]
        return [_ended(row) for row in await aggregate(self._tokens, pipeline, hint="ended")]


def _hour(field: str, timezone: str) -> Document:
    return {"$dateTrunc": {"date": f"${field}", "unit": "hour", "timezone": literal(timezone)}}


def _ended(row: Document) -> Ended:
    status, rows = row["_id"]["status"], row["rows"]
    called = [one for one in rows if one.get("waited") is not None and status != "cancelled"]
    return Ended(
        hour=row["_id"]["hour"],
        status=status,
        count=row["n"],
        waits=tuple(one["waited"] for one in called),
        served=tuple(one["served"] for one in rows if one.get("served") is not None),
        promised=tuple(
            Promised(one["waited"], one["median"], one["p90"])
            for one in called
            if one.get("median") is not None
        ),
    )
