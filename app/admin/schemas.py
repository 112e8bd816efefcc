"""Background work as staff see it: ids, states and classes of errors, nobody's data."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from app.admin.models import AuditEntry
from app.core.jobs import Job, JobStatus
from app.core.schemas import Time
from app.webhooks.models import Delivery, DeliveryStatus


class JobOut(BaseModel):
    id: str
    name: str
    subject: str
    status: JobStatus
    tries: int
    last_error: str | None
    due: Time
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, job: Job) -> JobOut:
        return cls.model_validate(job, from_attributes=True)


class JobStats(BaseModel):
    queued: int
    running: int
    done: int
    """Of the last 24 hours; older records are dropped."""
    failed: int
    dead: int
    paused: bool


class JobsOut(BaseModel):
    stats: JobStats
    items: list[JobOut]
    next_cursor: str | None


class PausedOut(BaseModel):
    paused: bool


class DeliveryOut(BaseModel):
    id: str
    provider: str
    external_id: str
    type: str
    ref: str | None
    status: DeliveryStatus
    reason: str | None
    tries: int
    last_error: str | None
    received_at: Time
    handled_at: Time | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        return cls.model_validate(delivery, from_attributes=True)


class AuditOut(BaseModel):
    """``by`` is a user or an API key. ``before`` and ``after`` hold what was decided on."""

    id: str
    at: Time
    by: str
    what: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditOut:
        return cls.model_validate(entry, from_attributes=True)
