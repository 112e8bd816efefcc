"""/webhooks/{provider}: where payment providers tell what happened. Never shed, answered at once."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from app.core.web.strict_json import StrictRoute
from app.webhooks.deps import RawBody, Receiving
from app.webhooks.schemas import ReceivedOut

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=StrictRoute)

_SIGNED: dict[str, Any] = {
    "requestBody": {
        "description": "The provider's own format, signed in its own way; 1 MB at most.",
        "content": {"application/json": {"schema": {}}},
    }
}


@router.post("/{provider}", openapi_extra=_SIGNED)
async def receive_webhook(
    provider: Annotated[str, Path(max_length=40)], request: Request, body: RawBody, inbox: Receiving
) -> ReceivedOut:
    await inbox.receive(provider, request.headers, body)
    return ReceivedOut()
