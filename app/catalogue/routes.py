"""/events: everything about an event but its orders, its waitlist and its door."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from app.accounts.deps import admin_or, anyone_or, event_admin_or, optional_bearer
from app.accounts.models import Caller
from app.catalogue.deps import Editing, Reading, Remaining
from app.catalogue.models import Event, EventStatus
from app.catalogue.schemas import (
    AvailabilityOut,
    EventBody,
    EventChanges,
    EventOut,
    EventSummary,
    SeatsOut,
)
from app.catalogue.seatmap import SeatMap
from app.catalogue.service import Availability
from app.core.idempotency import REPLAYED, Done, IdempotencyKey
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.schemas import Moment
from app.core.web.shortcut import shortcut
from app.core.web.strict_json import StrictRoute


async def _gather(request: Request) -> dict[str, Any]:
    return {
        "event_id": request.path_params["event_id"],
        "availability": request.app.state.provided[Availability],
    }


Reader = Annotated[Caller, anyone_or("events:read")]
Creator = Annotated[Caller, admin_or("events:write")]
Writer = Annotated[Caller, event_admin_or("events:write")]

router = APIRouter(prefix="/events", tags=["events"], route_class=StrictRoute)


async def show_availability(event_id: str, availability: Remaining) -> Response:
    return Response(await availability.counts(event_id), media_type="application/json")


# Routes are tried in this order, so the one that buyers poll comes first.
router.add_api_route(
    "/{event_id}/availability",
    show_availability,
    response_model=AvailabilityOut,
    methods=["GET"],
    route_class_override=shortcut(_gather),
)


@router.post("", status_code=201)
async def create_event(
    body: EventBody, response: Response, editor: Editing, admin: Creator, key: IdempotencyKey = None
) -> EventOut:
    return _done(await editor.create(body, admin, key), response)


@router.patch("/{event_id}")
async def update_event(
    event_id: str,
    body: EventChanges,
    response: Response,
    editor: Editing,
    admin: Writer,
    key: IdempotencyKey = None,
) -> EventOut:
    return _done(await editor.update(event_id, body, admin, key), response)


@router.post("/{event_id}/publish")
async def publish_event(
    event_id: str, response: Response, editor: Editing, admin: Writer, key: IdempotencyKey = None
) -> EventOut:
    return _done(await editor.publish(event_id, admin, key), response)


@router.post("/{event_id}/cancel")
async def cancel_event(
    event_id: str, response: Response, editor: Editing, admin: Writer, key: IdempotencyKey = None
) -> EventOut:
    return _done(await editor.cancel(event_id, admin, key), response)


@router.get("", openapi_extra=optional_bearer("events:read"))
async def list_events(
    catalogue: Reading,
    caller: Reader,
    page: Annotated[PageRequest, Depends(page_request)],
    status: EventStatus | None = None,
    starts_from: Annotated[Moment | None, Query(alias="from", description="Starts at or after")] = None,
    starts_to: Annotated[Moment | None, Query(alias="to", description="Starts before")] = None,
) -> Page[EventSummary]:
    """Published events; staff find drafts and cancelled ones too."""
    events = await catalogue.list(
        page,
        staff=caller.is_staff,
        only=caller.events,
        status=status,
        starts_from=starts_from,
        starts_to=starts_to,
    )
    return Page(
        items=[EventSummary.of(event) for event in events],
        next_cursor=next_cursor([event.id for event in events], page.limit),
    )


@router.get("/{event_id}", openapi_extra=optional_bearer("events:read"))
async def show_event(event_id: str, catalogue: Reading, caller: Reader) -> EventOut:
    return EventOut.of(await catalogue.show(event_id, staff=caller.oversees_event(event_id)))


@router.get("/{event_id}/seats", response_model=SeatsOut, responses={304: {"description": "As you know it"}})
async def show_seats(
    event_id: str,
    availability: Remaining,
    accept_encoding: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    return await _seats(await availability.seats(event_id), accept_encoding, if_none_match)


def _done(done: Done[Event], response: Response) -> EventOut:
    if done.replayed:
        response.headers[REPLAYED] = "true"
    return EventOut.of(done.value)


async def _seats(seats: SeatMap, accept_encoding: str, if_none_match: str) -> Response:
    """Zipped for those who can read it, nothing for those who have it."""
    headers = {"ETag": seats.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if _has(seats.etag, if_none_match):
        return Response(status_code=304, headers=headers)
    if accepts_gzip(accept_encoding):
        headers["Content-Encoding"] = "gzip"
        return Response(seats.zipped, headers=headers, media_type="application/json")
    content = await asyncio.to_thread(seats.unzipped)
    return Response(content, headers=headers, media_type="application/json")


def accepts_gzip(accept_encoding: str) -> bool:
    """``*`` counts, ``q=0`` refuses."""
    accepted: dict[str, bool] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.partition(";")
        accepted[coding.strip()] = weight.replace(" ", "").rstrip("0.") != "q="
    return accepted.get("gzip", accepted.get("*", False))


def _has(etag: str, if_none_match: str) -> bool:
    """Compared weakly, as RFC 9110 says for If-None-Match."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags
