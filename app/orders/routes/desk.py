"""/orders: an order as its owner, the bearer of its secret, or staff may handle it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import SignedIn, bearing_or
from app.accounts.models import Caller
from app.core.idempotency import REPLAYED, IdempotencyKey
from app.core.pagination import Page, PageRequest, next_cursor, page_request
from app.core.web.strict_json import StrictRoute
from app.orders.deps import OrderDesk, Present
from app.orders.schemas import OrderOut, RefundBody, RetryBody
from app.orders.service.desk import Action, Shown

Reader = Annotated[Caller, bearing_or("orders:read")]
Writer = Annotated[Caller, bearing_or("orders:write")]

router = APIRouter(prefix="/orders", tags=["orders"], route_class=StrictRoute)


@router.get("")
async def my_orders(
    desk: OrderDesk,
    present: Present,
    caller: SignedIn,
    page: Annotated[PageRequest, Depends(page_request)],
) -> Page[OrderOut]:
    """The newest first."""
    orders = await desk.mine(caller, page)
    return Page(
        items=[present.order(Shown(order)) for order in orders],
        next_cursor=next_cursor([order.id for order in orders], page.limit),
    )


@router.get("/{order_id}")
async def show_order(order_id: str, desk: OrderDesk, present: Present, caller: Reader) -> OrderOut:
    return present.order(await desk.show(order_id, caller))


@router.post("/{order_id}/cancel")
async def cancel_order(
    order_id: str,
    response: Response,
    desk: OrderDesk,
    present: Present,
    caller: Writer,
    key: IdempotencyKey = None,
) -> OrderOut:
    """Pending: its places come free. Confirmed: refunded by the event's policy."""
    return present.order(_marked(await desk.cancel(order_id, Action(caller, key)), response))


@router.post("/{order_id}/payments")
async def retry_payment(
    order_id: str,
    body: RetryBody,
    response: Response,
    desk: OrderDesk,
    present: Present,
    caller: Writer,
    key: IdempotencyKey = None,
) -> OrderOut:
    """Another attempt, with the same provider or another, while the hold lasts."""
    action = Action(caller, key, body.model_dump_json())
    shown = await desk.retry_payment(
        order_id, action, provider=body.provider, client_secret=body.client_secret
    )
    return present.order(_marked(shown, response))


@router.post("/{order_id}/refunds")
async def refund_order(
    order_id: str,
    body: RefundBody,
    response: Response,
    desk: OrderDesk,
    present: Present,
    caller: Writer,
    key: IdempotencyKey = None,
) -> OrderOut:
    """Some tickets, an amount (staff only), or everything that is left."""
    action = Action(caller, key, body.model_dump_json())
    shown = await desk.refund(order_id, action, tickets=body.tickets, amount=body.amount, reason=body.reason)
    return present.order(_marked(shown, response))


def _marked(shown: Shown, response: Response) -> Shown:
    if shown.replayed:
        response.headers[REPLAYED] = "true"
    return shown
