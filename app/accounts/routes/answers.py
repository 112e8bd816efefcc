"""Headers that several account routes answer with."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Response

from app.core.idempotency import REPLAYED, Done
from app.core.ratelimit import Window

T = TypeVar("T")


def mark(response: Response, *, replayed: bool = False, window: Window | None = None) -> None:
    """Nothing here may be kept by a cache on the way."""
    response.headers["Cache-Control"] = "no-store"
    if replayed:
        response.headers[REPLAYED] = "true"
    if window is not None:
        response.headers.update(window.headers)


def unpack(response: Response, done: Done[T]) -> T:
    mark(response, replayed=done.replayed)
    return done.value
