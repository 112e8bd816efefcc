"""/services: lines as everybody sees them, and as staff make and change them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import OPTIONAL_BEARER, AnyCaller, ServiceStaff, WholeHouse
from app.core.idempotency import REPLAYED, Done, IdempotencyKey
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.web.strict_json import StrictRoute
from app.queues.deps import Editing, Find, Read
from app.queues.models import Service
from app.queues.presenter import service_out, staff_service
from app.queues.schemas import (
    ExpectedVersion,
    ServiceBody,
    ServiceChanges,
    ServiceOut,
    ServiceSettings,
    StaffServiceOut,
)
from app.queues.service.lines import Order


async def _order(
    caller: ServiceStaff, body: ExpectedVersion | None = None, key: IdempotencyKey = None
) -> Order:
    version = body.version if body else None
    return Order(caller, key, str(version or ""), version)


Turning = Annotated[Order, Depends(_order)]
"""Who opens, pauses or closes, which version, under which key."""

router = APIRouter(prefix="/services", tags=["lines"], route_class=StrictRoute)


@router.post("", status_code=201)
async def create_service(
    body: ServiceBody, response: Response, lines: Editing, caller: WholeHouse, key: IdempotencyKey = None
) -> ServiceSettings:
    """Its line is open at once."""
    order = Order(caller, key, body.model_dump_json(exclude_unset=True))
    return _done(await lines.create(_given(body), order), response)


@router.patch("/{service_id}")
async def update_service(
    service_id: str,
    body: ServiceChanges,
    response: Response,
    lines: Editing,
    caller: ServiceStaff,
    key: IdempotencyKey = None,
) -> ServiceSettings:
    order = Order(caller, key, body.model_dump_json(exclude_unset=True), body.version)
    return _done(await lines.update(service_id, _given(body, exclude_unset=True), order), response)


@router.post("/{service_id}/open")
async def open_service(
    service_id: str, order: Turning, lines: Editing, response: Response
) -> ServiceSettings:
    """People may join and are called."""
    return _done(await lines.turn(service_id, "open", order), response)


@router.post("/{service_id}/pause")
async def pause_service(
    service_id: str, order: Turning, lines: Editing, response: Response
) -> ServiceSettings:
    """Nobody is called; people may still join."""
    return _done(await lines.turn(service_id, "pause", order), response)


@router.post("/{service_id}/close")
async def close_service(
    service_id: str, order: Turning, lines: Editing, response: Response
) -> ServiceSettings:
    """Nobody joins any more; those in line are still called."""
    return _done(await lines.turn(service_id, "close", order), response)


@router.get("")
async def list_services(
    find: Find, read: Read, page: Annotated[PageRequest, Depends(page_request)]
) -> Page[ServiceOut]:
    services = await find.list(page)
    return Page(
        items=[service_out(service, await read.numbers(service)) for service in services],
        next_cursor=next_cursor([service.id for service in services], page.limit),
    )


@router.get("/{service_id}", openapi_extra=OPTIONAL_BEARER)
async def show_service(
    service_id: str, find: Find, read: Read, caller: AnyCaller
) -> StaffServiceOut | ServiceOut:
    """By id or by slug. Staff of the line find its settings too."""
    service = await find.get(service_id)
    if caller.oversees_service(service.id):
        service = await find.fresh(service_id)
        return staff_service(service, await read.numbers(service))
    return service_out(service, await read.numbers(service))


def _given(body: ServiceBody | ServiceChanges, *, exclude_unset: bool = False) -> dict[str, Any]:
    given = body.model_dump(exclude={"version"}, exclude_unset=exclude_unset)
    if "opening_hours" in given:
        given["opening_hours"] = tuple(one.hours() for one in body.opening_hours)
    return given


def _done(done: Done[Service], response: Response) -> ServiceSettings:
    if done.replayed:
        response.headers[REPLAYED] = "true"
    return ServiceSettings.of(done.value)
