"""Job records: background work owed, by name and the id of what it is about.

A record wakes somebody; it is never the truth about the domain. Losing one is repaired by the domain's
sweeper, so enqueueing may fail quietly. ``workers/`` runs what is recorded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog

from app.core.clock import Clock
from app.core.errors import IllegalTransition, NotFound
from app.core.ids import derived_id
from app.core.messages import Message, unversioned
from app.core.mongo import (
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    PyMongoError,
    aggregate,
    ensure_indexes,
    is_unavailable,
)
from app.core.poke import Poke

JobStatus = Literal["queued", "running", "done", "failed", "dead"]
STATUSES: tuple[JobStatus, ...] = ("queued", "running", "done", "failed", "dead")
KEPT = timedelta(days=1)

log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """``failed`` met an error that a repetition will not cure, ``dead`` ran out of tries."""

    id: str
    name: str
    subject: str
    """The id of what the job is about; jobs carry nothing else."""
    status: JobStatus
    tries: int
    last_error: str | None
    """The class of the last error; its text may quote personal data."""
    due: datetime
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, document: Document) -> Job:
        return cls(
            id=document["_id"],
            name=document["name"],
            subject=document["subject"],
            status=document["status"],
            tries=document["tries"],
            last_error=document["last_error"],
            due=document["due"],
            created_at=document["created_at"],
            updated_at=document["updated_at"],
        )


class JobQueue:
    """What API processes and sweepers use. ``core.job_runs.JobRuns`` is the workers' side."""

    def __init__(self, database: Database, clock: Clock, poke: Poke) -> None:
        self._jobs = database["jobs"]
        self._control = database["job_control"]
        self._clock = clock
        self._poke = poke

    async def prepare(self) -> None:
        await ensure_indexes(
            self._jobs,
            [
                IndexModel([("status", 1), ("due", 1)]),
                IndexModel("lease", partialFilterExpression={"status": "running"}),
                IndexModel("done_at", expireAfterSeconds=int(KEPT.total_seconds())),
            ],
        )

    async def enqueue(self, name: str, subject: str) -> None:
        """Arms the job now, also when it ran, failed or is running. Quiet when MongoDB is away."""
        now = self._clock.now()
        change = _armed(now) | {"$setOnInsert": _born(name, subject, now)}
        try:
            await self._jobs.update_one({"_id": job_id(name, subject)}, change, upsert=True)
        except PyMongoError as error:
            if not isinstance(error, DuplicateKeyError) and not is_unavailable(error):
                raise
            log.warning("enqueue_lost", job=name, subject=subject, error=type(error).__name__)
            return
        self._poke("jobs")

    async def ensure(self, name: str, subject: str) -> None:
        """Arms the job unless it is already waiting or running; leaves its back-off alone."""
        now = self._clock.now()
        change = _armed(now) | {"$setOnInsert": _born(name, subject, now)}
        idle = {"_id": job_id(name, subject), "status": {"$nin": ["queued", "running"]}}
        try:
            await self._jobs.update_one(idle, change, upsert=True)
        except DuplicateKeyError:
            return  # It is waiting or running: the upsert found its id taken.
        self._poke("jobs")

    async def get(self, id: str) -> Job:
        document = await self._jobs.find_one({"_id": id})
        if document is None:
            raise NotFound
        return Job.of(document)

    async def listed(
        self, *, statuses: tuple[JobStatus, ...] = STATUSES, limit: int = 50, after: str = ""
    ) -> list[Job]:
        """Newest first."""
        where: dict[str, Any] = {"status": {"$in": list(statuses)}}
        if after:
            where["_id"] = {"$lt": after}
        found = await self._jobs.find(where).sort("_id", -1).limit(limit).to_list(limit)
        return [Job.of(document) for document in found]

    async def counts(self) -> dict[JobStatus, int]:
        found = await aggregate(self._jobs, [{"$group": {"_id": "$status", "n": {"$sum": 1}}}])
        by_status = {document["_id"]: document["n"] for document in found}
        return {status: by_status.get(status, 0) for status in STATUSES}

    async def retry(self, id: str, messages: Sequence[Message] = ()) -> Job:
        """Arms a failed or dead job again. A waiting one is left as it is; others refuse."""
        now = self._clock.now()
        where = {"_id": id, "status": {"$in": ["failed", "dead"]}}
        change = _armed(now) | _telling(messages, now)
        document = await self._jobs.find_one_and_update(where, change, return_document=True)
        if document is not None:
            self._poke("jobs")
            return Job.of(document)
        job = await self.get(id)
        if job.status != "queued":
            raise IllegalTransition(f"the job is {job.status}", status_now=job.status)
        return job

    async def pause(self, messages: Sequence[Message] = ()) -> None:
        await self._set_paused(True, messages)

    async def resume(self, messages: Sequence[Message] = ()) -> None:
        await self._set_paused(False, messages)
        self._poke("jobs")

    async def paused(self) -> bool:
        document = await self._control.find_one({"_id": "all"})
        return document is not None and bool(document["paused"])

    async def _set_paused(self, paused: bool, messages: Sequence[Message]) -> None:
        now = self._clock.now()
        change: Document = {"$set": {"paused": paused, "at": now}} | _telling(messages, now)
        await self._control.update_one({"_id": "all"}, change, upsert=True)


def job_id(name: str, subject: str) -> str:
    """One record per name and subject: enqueueing twice is one job."""
    return derived_id("job", subject, name)


def _armed(now: datetime) -> Document:
    """``n`` numbers the armings, so that a run begun before this one cannot close it."""
    return {
        "$set": {"status": "queued", "due": now, "tries": 0, "updated_at": now},
        "$unset": {"offered_at": "", "done_at": "", "lease": ""},
        "$inc": {"n": 1},
    }


def _telling(messages: Sequence[Message], at: datetime) -> Document:
    return {"$push": {"outbox": {"$each": unversioned(messages, at=at)}}} if messages else {}


def _born(name: str, subject: str, now: datetime) -> Document:
    return {"name": name, "subject": subject, "last_error": None, "created_at": now}
