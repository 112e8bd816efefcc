"""POST /events/{id}/orders: the one request everything else exists for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.security import SecurityScopes
from pydantic import TypeAdapter, ValidationError

from app.accounts.deps import Visitor, any_caller, anyone_or, optional_bearer
from app.accounts.models import Caller, Contact
from app.accounts.service import Callers
from app.core.errors import Invalid, NotFound
from app.core.idempotency import REPLAYED, IdempotencyKey, body_hash
from app.core.security import hash_email
from app.core.web.address import visitor_address
from app.core.web.shortcut import shortcut
from app.core.web.strict_json import has_json
from app.orders.booking import Booking
from app.orders.deps import Holds, OrderDesk, Present
from app.orders.models import guest_caller
from app.orders.presenter import Presenter
from app.orders.schemas import BookingBody, CustomerBody, OrderOut
from app.orders.service.desk import Desk, Shown
from app.orders.service.holds import HoldService

Buyer = Annotated[Caller, anyone_or("orders:create")]
"""A machine books for a guest."""
_MACHINES = SecurityScopes(["orders:create"])
_KEY: TypeAdapter[str | None] = TypeAdapter(IdempotencyKey)


async def _gather(request: Request) -> dict[str, Any] | None:
    """The arguments of ``book``."""
    if not await has_json(request):
        return None
    try:
        body = BookingBody.model_validate(await request.json())
        key = _KEY.validate_python(request.headers.get("idempotency-key"))
    except ValidationError:
        return None
    services = request.app.state.provided
    return {
        "event_id": request.path_params["event_id"],
        "body": body,
        "holds": services[HoldService],
        "desk": services[Desk],
        "present": services[Presenter],
        "caller": await any_caller(request, services[Callers], _MACHINES),
        "address": await visitor_address(request),
        "key": key,
    }


router = APIRouter(prefix="/events", tags=["orders"], route_class=shortcut(_gather))


@router.post(
    "/{event_id}/orders",
    status_code=201,
    response_model=OrderOut,
    openapi_extra=optional_bearer("orders:create"),
)
async def book(
    event_id: str,
    body: BookingBody,
    holds: Holds,
    desk: OrderDesk,
    present: Present,
    caller: Buyer,
    address: Visitor,
    key: IdempotencyKey = None,
) -> Response:
    """Books all places asked for, or none. Signed in, or as a guest with ``customer``."""
    if caller.api_key and not caller.oversees_event(event_id):
        raise NotFound
    booked = await holds.book(_booking(event_id, body, caller, address, key))
    headers = {"Location": f"/api/v1/orders/{booked.order.id}"}
    if booked.replayed:
        headers[REPLAYED] = "true"
    if booked.replayed and booked.order.version > 1:
        shown = await desk.shown_to_holder(booked.order)
    else:
        shown = Shown(booked.order)
    if body.client_secret:
        shown = await desk.with_client_secret(shown)
    order = present.order(shown, None if caller.user_id else desk.secret(booked.order))
    return Response(order.model_dump_json(by_alias=True), 201, headers, "application/json")


def _booking(event_id: str, body: BookingBody, caller: Caller, address: str, key: str | None) -> Booking:
    who, email_hash = _identity(body.customer, caller)
    guest = caller.user_id is None and caller.api_key is None
    return Booking(
        event_id=event_id,
        lines=tuple(item.line() for item in body.items),
        caller=who,
        owner=caller.user_id,
        email_hash=email_hash,
        contact=_contact(body.customer),
        provider=body.provider,
        client_secret=body.client_secret,
        key=key,
        body_hash=body_hash(body.model_dump_json()) if key else "",
        address=address if guest else "",
    )


def _identity(customer: CustomerBody | None, caller: Caller) -> tuple[str, str]:
    """Who the caller is for keys and rates, and whose limit counts."""
    if caller.user_id is not None:
        return caller.user_id, caller.email_hash or caller.user_id
    if customer is None:
        message = "sign in, or say who you are"
        raise Invalid(message, errors=[{"loc": ["body", "customer"], "msg": message, "type": "missing"}])
    hashed = hash_email(customer.email)
    return guest_caller(hashed), hashed


def _contact(customer: CustomerBody | None) -> Contact | None:
    return Contact(customer.name, customer.email, customer.phone) if customer else None
