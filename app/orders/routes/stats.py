"""What was sold and what it brought, for staff."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from app.accounts.deps import event_staff_or, staff_or
from app.accounts.models import Caller
from app.catalogue.service import Availability
from app.core.web.provide import provided
from app.core.web.strict_json import StrictRoute
from app.orders.deps import Feeds
from app.orders.schemas import EventStatsOut, StatsOut

router = APIRouter(tags=["statistics"], route_class=StrictRoute)


@router.get("/events/{event_id}/stats")
async def event_stats(
    event_id: str,
    feed: Feeds,
    availability: Annotated[Availability, provided(Availability)],
    _: Annotated[Caller, event_staff_or("stats:read")],
) -> EventStatsOut:
    """One event: held, sold and what is left by ticket type, revenue and refunds."""
    left = await availability.snapshot(event_id)
    return EventStatsOut(**await feed.totals([event_id]), ticket_types=left.ticket_types)


@router.get("/admin/stats")
async def stats(feed: Feeds, caller: Annotated[Caller, staff_or("stats:read")]) -> StatsOut:
    """All events at a glance, or those one is limited to."""
    return StatsOut(**await feed.totals(caller.events))
