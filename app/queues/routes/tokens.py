"""Joining a line, and being in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import OPTIONAL_BEARER, AnyCaller, Bearing, ServiceStaff, Visitor
from app.accounts.models import Caller
from app.core.errors import Invalid
from app.core.idempotency import REPLAYED, IdempotencyKey, body_hash
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.web.strict_json import StrictRoute
from app.queues.deps import Enter, Present, Wait
from app.queues.models import Contact, Notify, Status
from app.queues.presenter import LinePresenter
from app.queues.schemas import ClaimBody, DeskTokenOut, ExpectedVersion, JoinBody, TokenOut
from app.queues.service.applicant import Wish
from app.queues.service.joining import Joined
from app.queues.service.waiting import AWAY, BACK, CANCEL, Asked, Seen, Waiting


async def _asked(caller: Bearing, body: ExpectedVersion | None = None, key: IdempotencyKey = None) -> Asked:
    version = body.version if body else None
    return Asked(caller, version, key, str(version or ""))


Act = Annotated[Asked, Depends(_asked)]
"""Who moves the token, on which version if they say one, under which key."""

router = APIRouter(tags=["lines"], route_class=StrictRoute)
Out = DeskTokenOut | TokenOut


@router.post("/services/{service_id}/tokens", status_code=201, openapi_extra=OPTIONAL_BEARER)
async def join_line(
    service_id: str,
    body: JoinBody,
    response: Response,
    joining: Enter,
    waiting: Wait,
    present: Present,
    caller: AnyCaller,
    address: Visitor,
    key: IdempotencyKey = None,
) -> Out:
    """From afar where the line allows it; by hand where its staff ask."""
    wish = _wish(body, caller, address, key, priority=body.priority)
    return await _joined(await joining.join(service_id, wish), caller, response, waiting, present)


@router.post("/services/{service_id}/claim", status_code=201, openapi_extra=OPTIONAL_BEARER)
async def claim_invite(
    service_id: str,
    body: ClaimBody,
    response: Response,
    joining: Enter,
    waiting: Wait,
    present: Present,
    caller: AnyCaller,
    address: Visitor,
    key: IdempotencyKey = None,
) -> Out:
    """By the invite of a QR code, which is good for one place."""
    wish = _wish(body, caller, address, key, invite=body.invite)
    return await _joined(await joining.join(service_id, wish), caller, response, waiting, present)


@router.get("/services/{service_id}/tokens")
async def list_tokens(
    service_id: str,
    waiting: Wait,
    present: Present,
    staff: ServiceStaff,
    page: Annotated[PageRequest, Depends(page_request)],
    status: Status | None = None,
) -> Page[DeskTokenOut]:
    """By number: those in line, or those of today who have left it as ``status`` says."""
    seen = await waiting.list(service_id, status, _number_after(page), page.limit, staff)
    return Page(
        items=[present.listed(one) for one in seen],
        next_cursor=next_cursor([str(one.token.number) for one in seen], page.limit),
    )


@router.get("/tokens/{token_id}")
async def show_token(token_id: str, waiting: Wait, present: Present, caller: Bearing) -> Out:
    """By the token's secret, its owner's account, or staff of the line."""
    return present.token(await waiting.show(token_id, caller))


@router.post("/tokens/{token_id}/cancel")
async def cancel_token(token_id: str, asked: Act, waiting: Wait, present: Present, response: Response) -> Out:
    """The line closes up."""
    return present.token(_marked(await waiting.move(token_id, CANCEL, asked), response))


@router.post("/tokens/{token_id}/away")
async def step_away(token_id: str, asked: Act, waiting: Wait, present: Present, response: Response) -> Out:
    """Nobody calls them until they are back; they keep their place."""
    return present.token(_marked(await waiting.move(token_id, AWAY, asked), response))


@router.post("/tokens/{token_id}/back")
async def come_back(token_id: str, asked: Act, waiting: Wait, present: Present, response: Response) -> Out:
    """In line again, where they were."""
    return present.token(_marked(await waiting.move(token_id, BACK, asked), response))


def _number_after(page: PageRequest) -> int:
    """The last number of the page before."""
    if not page.after:
        return 0
    if not (page.after.isascii() and page.after.isdigit() and len(page.after) <= 9):
        raise Invalid("cursor is not one of ours")
    return int(page.after)


async def _joined(
    made: Joined, caller: Caller, response: Response, waiting: Waiting, present: LinePresenter
) -> Out:
    response.headers["Location"] = f"/api/v1/tokens/{made.token.id}"
    response.headers["Cache-Control"] = "no-store"
    if made.replayed:
        response.headers[REPLAYED] = "true"
    return present.joined(made, await waiting.seen(made.token, caller))


def _marked(seen: Seen, response: Response) -> Seen:
    if seen.replayed:
        response.headers[REPLAYED] = "true"
    return seen


def _wish(
    body: JoinBody | ClaimBody,
    caller: Caller,
    address: str,
    key: str | None,
    *,
    invite: str | None = None,
    priority: int | None = None,
) -> Wish:
    contact = Contact(body.name, body.email, body.phone)
    return Wish(
        caller,
        address,
        contact=contact if contact != Contact() else None,
        own_alias=body.alias,
        notify=Notify(body.notify_minutes_before, body.notify_changes),
        invite=invite,
        priority=priority,
        key=key,
        body_hash=body_hash(body.model_dump_json()) if key else "",
    )
