"""/checkout/{order}: the link a buyer follows to pay. Opens the provider's page and sends them there.

The link is no secret: who has it can pay for somebody, and learns no more than what it costs.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from app.core.errors import NotFound
from app.orders.deps import Checkouts
from app.payments.providers.sandbox.charges import Outcome

router = APIRouter(prefix="/checkout", tags=["checkout"])


@router.get("/{order_id}", status_code=303, response_class=RedirectResponse)
async def pay(order_id: str, checkouts: Checkouts) -> Response:
    """The first visit opens the provider's session; every visit leads to it."""
    _, session = await checkouts.open(order_id)
    if session.url is None:
        raise NotFound("this order is paid with its client secret")
    return RedirectResponse(session.url, status_code=303)


@router.post("/{order_id}", response_class=JSONResponse)
async def settle(
    order_id: str, request: Request, checkouts: Checkouts, outcome: Annotated[Outcome, Form()]
) -> Response:
    """Sandbox only: opens and settles in one go, for scripts. The order follows by webhook."""
    reading = await checkouts.settle_in_sandbox(order_id, outcome)
    return JSONResponse({"order_id": order_id, "payment": reading.state})
