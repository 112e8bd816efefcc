"""What staff do at a counter: call the next, and see to the one who was called."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.accounts.deps import Staff
from app.core.idempotency import REPLAYED, IdempotencyKey
from app.core.web.provide import provided
from app.core.web.strict_json import StrictRoute
from app.queues.counter_schemas import (
    LineStatsOut,
    NextBody,
    StaffTokenOut,
    TransferBody,
    VerifyBody,
    VersionBody,
)
from app.queues.service.acting import Acted, Hand
from app.queues.service.calling import Asked, Calling
from app.queues.service.serving import Serving
from app.queues.service.statistics import Statistics
from app.queues.service.transfers import Transfers

Callings = Annotated[Calling, provided(Calling)]
Servings = Annotated[Serving, provided(Serving)]
Moving = Annotated[Transfers, provided(Transfers)]
Figures = Annotated[Statistics, provided(Statistics)]

Day = Annotated[
    date | None,
    Query(
        description="A day of the line's own calendar; today if left out",
        ge=date(2000, 1, 1),
        le=date(2200, 1, 1),
    ),
]


def _hand(staff: Staff, body: VersionBody, key: IdempotencyKey = None) -> Hand:
    return Hand(staff, body.version, key, body.model_dump_json())


Act = Annotated[Hand, Depends(_hand)]
"""All that most actions take: who, on which version, under which key."""

router = APIRouter(tags=["counters"], route_class=StrictRoute)


@router.post("/services/{service_id}/next")
async def call_next(
    service_id: str,
    body: NextBody,
    response: Response,
    calling: Callings,
    staff: Staff,
    key: IdempotencyKey = None,
) -> StaffTokenOut:
    """Calls whoever is first to the counter. 409 ``line_empty`` when nobody waits."""
    asked = Asked(staff, body.counter, key, body.model_dump_json())
    return _shown(await calling.next(service_id, asked), response)


@router.post("/tokens/{token_id}/verify")
async def verify_token(
    token_id: str,
    body: VerifyBody,
    response: Response,
    serving: Servings,
    staff: Staff,
    key: IdempotencyKey = None,
) -> StaffTokenOut:
    """Whoever came says the code that was sent to them, or the alias."""
    hand = _hand(staff, body, key)
    return _shown(await serving.verify(token_id, hand, code=body.code, alias=body.alias), response)


@router.post("/tokens/{token_id}/start")
async def start_token(token_id: str, hand: Act, serving: Servings, response: Response) -> StaffTokenOut:
    """409 ``not_identified`` where the line asks who they are and nobody has."""
    return _shown(await serving.start(token_id, hand), response)


@router.post("/tokens/{token_id}/complete")
async def complete_token(token_id: str, hand: Act, serving: Servings, response: Response) -> StaffTokenOut:
    """They are served, and leave the line."""
    return _shown(await serving.complete(token_id, hand), response)


@router.post("/tokens/{token_id}/no-show")
async def miss_token(token_id: str, hand: Act, serving: Servings, response: Response) -> StaffTokenOut:
    """They did not come within the grace period. 409 ``too_early`` before; recall or requeue undo it."""
    return _shown(await serving.no_show(token_id, hand), response)


@router.post("/tokens/{token_id}/recall")
async def recall_token(token_id: str, hand: Act, serving: Servings, response: Response) -> StaffTokenOut:
    """Calls them once more, with another code if theirs is over."""
    return _shown(await serving.recall(token_id, hand), response)


@router.post("/tokens/{token_id}/requeue")
async def requeue_token(token_id: str, hand: Act, serving: Servings, response: Response) -> StaffTokenOut:
    """Back to their place in the line."""
    return _shown(await serving.requeue(token_id, hand), response)


@router.post("/tokens/{token_id}/transfer")
async def transfer_token(
    token_id: str,
    body: TransferBody,
    response: Response,
    transfers: Moving,
    staff: Staff,
    key: IdempotencyKey = None,
) -> StaffTokenOut:
    """To another line, as if they had joined it when they joined this one. ``transferred_to`` is their new
    token; the secret they have opens it too."""
    hand = _hand(staff, body, key)
    return _shown(await transfers.transfer(token_id, hand, body.service_id), response)


@router.get("/services/{service_id}/stats")
async def line_stats(
    service_id: str,
    statistics: Figures,
    staff: Staff,
    day: Day = None,
) -> LineStatsOut:
    """Waits, service times, no-shows, who gave up, and how good the forecast was."""
    return LineStatsOut.model_validate(await statistics.of_day(service_id, staff, day))


def _shown(acted: Acted, response: Response) -> StaffTokenOut:
    if acted.replayed:
        response.headers[REPLAYED] = "true"
    return StaffTokenOut.of(acted.token)
