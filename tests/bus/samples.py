"""Messages to send in tests."""

from __future__ import annotations

from datetime import UTC, datetime

from app.core.ids import new_id
from app.core.messages import Envelope, Message, envelope, outbox

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def sample(stream: str, *, key: str = "", version: int = 1, type: str = "order.pending") -> Envelope:
    key = key or new_id("ord")
    return envelope(outbox([Message(stream, type, key, {"n": version})], version=version, at=AT)[0])
