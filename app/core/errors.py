"""Errors as classes: raised anywhere below, rendered once (``core/web.py``) as RFC 9457 problems.

A subclass states ``status`` and ``code``; keyword arguments become data fields of the answer, so they
must never hold a secret or personal data.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Problem(Exception):
    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **data: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after = retry_after
        self.data = data
        self.headers: dict[str, str] = {}


class Unauthorized(Problem):
    status, code, title = 401, "unauthorized", "Sign in first"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "Your role may not do this"


class NotFound(Problem):
    """Absent, or somebody else's: both look the same."""

    status, code, title = 404, "not_found", "Not found"


class Conflict(Problem):
    status, code, title = 409, "conflict", "Conflicts with the current state"


class IllegalTransition(Conflict):
    code, title = "illegal_transition", "The current state does not allow this"


class StaleVersion(Conflict):
    """``current`` carries the resource as it is now."""

    code, title = "stale_version", "Somebody changed it meanwhile"


class KeyInProgress(Conflict):
    code, title = "key_in_progress", "The first request with this idempotency key is still running"


class Gone(Problem):
    status, code, title = 410, "gone", "No longer available"


class TooLarge(Problem):
    status, code, title = 413, "too_large", "The body is too large"


class UnsupportedMedia(Problem):
    status, code, title = 415, "unsupported_media_type", "Send application/json"


class Invalid(Problem):
    """422. ``errors`` lists ``{loc, msg, type}`` when a field is to blame."""

    status, code, title = 422, "invalid", "The request is not valid"


class KeyReused(Invalid):
    code, title = "key_reused", "This idempotency key belongs to a request with another body"


class RateLimited(Problem):
    status, code, title = 429, "rate_limited", "Too many requests"


class Transient(Problem):
    """A dependency did not answer: HTTP says 503 with Retry-After, a job is tried again."""

    status, code, title = 503, "unavailable", "Try again shortly"

    def __init__(self, detail: str = "", *, retry_after: float | None = 1.0, **data: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **data)


class Overloaded(Transient):
    code, title = "overloaded", "Too much work at once"
