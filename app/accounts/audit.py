"""What staff, admins and machines did, told in the write that did it (``docs/decisions`` says why).

The message travels like every other: no personal data, no secret, no text that somebody typed about a
person. ``before`` and ``after`` hold what was decided on, in ids, states and numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.accounts.models import Caller
from app.core.messages import Message

STREAM = "audit"


def deed(
    caller: Caller,
    what: str,
    subject: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> Message:
    """To be pushed into the outbox with the change of ``subject``."""
    data = {
        "by": caller.key,
        "request_id": caller.request_id,
        "subject": subject,
        "before": dict(before) if before is not None else None,
        "after": dict(after) if after is not None else None,
    }
    return Message(STREAM, what, subject, data)
