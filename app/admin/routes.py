"""/admin: background jobs, inbound webhooks, the audit. Staff look and retry; admins pause and read.

Jobs and deliveries are of no one event, so staff who are limited to some see none of them.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Response

from app.accounts.deps import admin_or, whole_house_or
from app.accounts.models import Caller
from app.admin.deps import AuditTrail, Deliveries, Office, Queue
from app.admin.models import Wanted
from app.admin.schemas import AuditOut, DeliveryOut, JobOut, JobsOut, JobStats, PausedOut
from app.core.idempotency import REPLAYED, Done, IdempotencyKey
from app.core.jobs import STATUSES, Job, JobStatus
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.schemas import Moment
from app.core.web.strict_json import StrictRoute
from app.webhooks.models import DeliveryStatus

T = TypeVar("T")
Looking = Annotated[Caller, whole_house_or("work:read")]
Working = Annotated[Caller, whole_house_or("work:write")]
Pausing = Annotated[Caller, admin_or("work:write")]
Auditing = Annotated[Caller, admin_or("audit:read")]
Named = Annotated[str | None, Query(max_length=64)]
Paging = Annotated[PageRequest, Depends(page_request)]

router = APIRouter(prefix="/admin", tags=["administration"], route_class=StrictRoute)


@router.get("/jobs")
async def list_jobs(queue: Queue, _: Looking, page: Paging, status: JobStatus | None = None) -> JobsOut:
    """How much there is to do, and the jobs, newest first."""
    statuses = (status,) if status else STATUSES
    jobs = await queue.listed(statuses=statuses, limit=page.limit, after=page.after)
    listed = _jobs(jobs, page)
    stats = JobStats(**await queue.counts(), paused=await queue.paused())
    return JobsOut(stats=stats, items=listed.items, next_cursor=listed.next_cursor)


@router.get("/jobs/failed")
async def list_failed_jobs(queue: Queue, _: Looking, page: Paging) -> Page[JobOut]:
    """Jobs that wait for a person: failed for good, or out of tries."""
    jobs = await queue.listed(statuses=("failed", "dead"), limit=page.limit, after=page.after)
    return _jobs(jobs, page)


@router.post("/jobs/pause")
async def pause_jobs(
    office: Office, caller: Pausing, response: Response, key: IdempotencyKey = None
) -> PausedOut:
    """Jobs under way end; no further one begins until resumed, on any worker."""
    return PausedOut(paused=_done(await office.pause(caller, key), response))


@router.post("/jobs/resume")
async def resume_jobs(
    office: Office, caller: Pausing, response: Response, key: IdempotencyKey = None
) -> PausedOut:
    return PausedOut(paused=_done(await office.resume(caller, key), response))


@router.post("/jobs/{job_id}/retry")
async def retry_job(
    job_id: str, office: Office, caller: Working, response: Response, key: IdempotencyKey = None
) -> JobOut:
    """Runs a failed or dead job again."""
    return JobOut.of(_done(await office.retry_job(job_id, caller, key), response))


@router.get("/deliveries")
async def list_deliveries(
    inbox: Deliveries,
    _: Looking,
    page: Paging,
    status: DeliveryStatus | None = None,
    provider: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[DeliveryOut]:
    """Inbound webhooks, newest first."""
    found = await inbox.listed(page, status=status, provider=provider)
    items = [DeliveryOut.of(delivery) for delivery in found]
    return Page(items=items, next_cursor=next_cursor([item.id for item in items], page.limit))


@router.post("/deliveries/{delivery_id}/retry")
async def retry_delivery(
    delivery_id: str, office: Office, caller: Working, response: Response, key: IdempotencyKey = None
) -> DeliveryOut:
    """Handles a parked or stuck one again."""
    return DeliveryOut.of(_done(await office.retry_delivery(delivery_id, caller, key), response))


@router.get("/audit")
async def list_audit(
    audit: AuditTrail,
    _: Auditing,
    page: Paging,
    by: Named = None,
    what: Named = None,
    subject: Named = None,
    since: Annotated[Moment | None, Query(alias="from", description="At or after")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Before")] = None,
) -> Page[AuditOut]:
    """Who did what, newest first. An action shows up here within a second or two of its answer."""
    found = await audit.page(Wanted(by, what, subject, since, until), page)
    return Page(
        items=[AuditOut.of(entry) for entry in found],
        next_cursor=next_cursor([entry.id for entry in found], page.limit),
    )


def _jobs(jobs: list[Job], page: PageRequest) -> Page[JobOut]:
    items = [JobOut.of(job) for job in jobs]
    return Page(items=items, next_cursor=next_cursor([item.id for item in items], page.limit))


def _done(done: Done[T], response: Response) -> T:
    if done.replayed:
        response.headers[REPLAYED] = "true"
    return done.value
