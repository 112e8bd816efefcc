"""Lists by cursor: the id of the last item seen. Stable while items come and go."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from app.core.errors import Invalid

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``after`` is the last id of the page before, or empty."""

    limit: int
    after: str


async def page_request(
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> PageRequest:
    """A FastAPI dependency."""
    return PageRequest(limit, decode_cursor(cursor) if cursor else "")


def encode_cursor(last_id: str) -> str:
    return base64.urlsafe_b64encode(last_id.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise Invalid("cursor is not one of ours", errors=[_error()]) from error


def next_cursor(ids: list[str], limit: int) -> str | None:
    """A full page may have a successor; a short one has none."""
    return encode_cursor(ids[-1]) if len(ids) == limit else None


def _error() -> dict[str, object]:
    return {"loc": ["query", "cursor"], "msg": "not a cursor", "type": "cursor"}
