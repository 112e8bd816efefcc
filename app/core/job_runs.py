"""The workers' side of job records: offer, claim, keep alive, close.

A claim is a lease with a number (``run``). Every later step names it, so a worker that slept through
its lease changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.core.jobs import Job
from app.core.mongo import Database, Document

OFFER_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job."""

    job: Job
    n: int
    run: int


class JobRuns:
    def __init__(self, database: Database, clock: Clock, *, lease: timedelta = timedelta(seconds=6)) -> None:
        self._jobs = database["jobs"]
        self._clock = clock
        self._lease = lease

    async def offer(self, limit: int) -> list[tuple[str, int]]:
        """Due jobs nobody was told of lately, as (id, a number that differs with each offer)."""
        now = self._clock.now()
        where = {
            "status": "queued",
            "due": {"$lte": now},
            "$or": [{"offered_at": None}, {"offered_at": {"$lte": now - OFFER_AGAIN}}],
        }
        found = await self._jobs.find(where, {"_id": 1}).sort("due", 1).limit(limit).to_list(limit)
        ids = [document["_id"] for document in found]
        if ids:
            change = {"$set": {"offered_at": now}}
            await self._jobs.update_many({"_id": {"$in": ids}, "status": "queued"}, change)
        offer = int(now.timestamp() * 1000)
        return [(found_id, offer) for found_id in ids]

    async def claim(self, id: str) -> Run | None:
        now = self._clock.now()
        change: Document = {
            "$set": {"status": "running", "lease": now + self._lease, "updated_at": now},
            "$inc": {"tries": 1, "run": 1},
        }
        where = {"_id": id, "status": "queued", "due": {"$lte": now}}
        document = await self._jobs.find_one_and_update(where, change, return_document=True)
        return Run(Job.of(document), document["n"], document["run"]) if document else None

    async def renew(self, run: Run) -> None:
        await self._change(run, {"$set": {"lease": self._clock.now() + self._lease}})

    async def done(self, run: Run) -> Job | None:
        now = self._clock.now()
        values = {"status": "done", "done_at": now, "updated_at": now, "last_error": None}
        return await self._change(run, {"$set": values, "$unset": {"lease": ""}})

    async def again(self, run: Run, at: datetime, error: str) -> Job | None:
        return await self._close(run, {"status": "queued", "due": at, "last_error": error})

    async def fail(self, run: Run, error: str) -> Job | None:
        return await self._close(run, {"status": "failed", "last_error": error})

    async def bury(self, run: Run, error: str) -> Job | None:
        return await self._close(run, {"status": "dead", "last_error": error})

    async def give_back(self, run: Run) -> Job | None:
        """The worker is stopping: the attempt does not count and somebody else may start at once."""
        change: Document = {
            "$set": {"status": "queued", "due": self._clock.now(), "updated_at": self._clock.now()},
            "$unset": {"lease": "", "offered_at": ""},
            "$inc": {"tries": -1},
        }
        return await self._change(run, change)

    async def revive(self) -> int:
        """Queues again what ran on a worker that is gone."""
        now = self._clock.now()
        change = {
            "$set": {"status": "queued", "due": now, "updated_at": now},
            "$unset": {"lease": "", "offered_at": ""},
        }
        result = await self._jobs.update_many({"status": "running", "lease": {"$lte": now}}, change)
        return result.modified_count

    async def _close(self, run: Run, values: Document) -> Job | None:
        change = {
            "$set": values | {"updated_at": self._clock.now()},
            "$unset": {"lease": "", "offered_at": ""},
        }
        return await self._change(run, change)

    async def _change(self, run: Run, change: Document) -> Job | None:
        """None where this run is no longer the one that counts."""
        where = {"_id": run.job.id, "status": "running", "n": run.n, "run": run.run}
        document = await self._jobs.find_one_and_update(where, change, return_document=True)
        return Job.of(document) if document else None
