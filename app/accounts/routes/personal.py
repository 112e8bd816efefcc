"""What we know about a person, in that person's hands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import Departing, Personal, SignedIn
from app.accounts.routes.answers import mark
from app.accounts.schemas import ExportOut, TimelineOut
from app.core.idempotency import IdempotencyKey
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.web.strict_json import StrictRoute

router = APIRouter(prefix="/me", tags=["accounts"], route_class=StrictRoute)


@router.get("/timeline")
async def timeline(
    response: Response,
    caller: SignedIn,
    personal: Personal,
    page: Annotated[PageRequest, Depends(page_request)],
) -> Page[TimelineOut]:
    """Everything one has with us, the newest first."""
    mark(response)
    moments = await personal.timeline(str(caller.user_id), page)
    return Page(
        items=[TimelineOut.of(moment) for moment in moments],
        next_cursor=next_cursor([moment.order for moment in moments], page.limit),
    )


@router.get("/export")
async def export(response: Response, caller: SignedIn, personal: Personal) -> ExportOut:
    """All personal data, as a file. Passwords and what admits to an event are not in it."""
    exported, window = await personal.export(str(caller.user_id))
    mark(response, window=window)
    response.headers["Content-Disposition"] = 'attachment; filename="usher-export.json"'
    return ExportOut.of(exported.user, exported.sessions, exported.photo, exported.records)


@router.delete("", status_code=204)
async def erase(
    response: Response, caller: Departing, personal: Personal, key: IdempotencyKey = None
) -> None:
    """Erases the account. Takes a session not older than ten minutes. Tickets stay good, but only their
    codes will know it; records of money stay without the person."""
    done = await personal.erase(str(caller.user_id), str(caller.session_id), key)
    mark(response, replayed=done.replayed)
