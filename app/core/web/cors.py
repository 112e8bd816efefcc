"""Which pages of other sites a browser lets read our answers: those on a list, none by default.

The API knows no cookies, so nobody acts for a person by their browser's mere presence; the list says
which sites may show what a token of theirs opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.middleware.cors import CORSMiddleware

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ASKED = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-Id")
_TOLD = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-Id",
)


def readable_by(origins: Sequence[str], app: Any) -> Any:
    """``app`` as it is where the list is empty."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=_METHODS,
        allow_headers=_ASKED,
        expose_headers=_TOLD,
        allow_credentials=False,
    )
