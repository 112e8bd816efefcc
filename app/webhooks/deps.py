"""What the webhook route asks for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.core.errors import TooLarge
from app.core.web.provide import provided
from app.webhooks.service import Inbox

MAX_BODY = 1024 * 1024


async def raw_body(request: Request) -> bytes:
    """The bytes as they were signed. Bounded while they come in, whatever Content-Length says."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


Receiving = Annotated[Inbox, provided(Inbox)]
RawBody = Annotated[bytes, Depends(raw_body)]
