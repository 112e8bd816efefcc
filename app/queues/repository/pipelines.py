"""Pieces of pipeline updates, in which each document's history and messages carry its own values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.mongo import Document, literal
from app.queues.messages import TOKENS
from app.queues.models import Status

VERSION: Document = {"$add": ["$version", 1]}
NOW = "$$NOW"
_AUDIT = "audit"


def appended(field: str, *more: Any) -> Document:
    """An array's next value; each of ``more`` is an expression that gives a list."""
    return {"$concatArrays": [{"$ifNull": [f"${field}", []]}, *more]}


def entry(to: Status, cause: str, by: str, key: str | None = None) -> Document:
    """One entry of the history."""
    plain = {"to": to, "cause": cause, "by": by} | ({"key": key} if key else {})
    return {"at": NOW, "from": "$status"} | {name: literal(value) for name, value in plain.items()}


def told(index: int, type: str, to: Status, cause: str, **more: Any) -> Document:
    """As ``messages.told`` says it. ``more`` are expressions."""
    data = {"token_id": "$_id", "service_id": "$service_id", "number": "$number"}
    spoken = {"status": literal(to), "cause": literal(cause)}
    return message(index, TOKENS, type, data | spoken | more)


def deed(index: int, what: str, by: str, request_id: str, after: Mapping[str, object]) -> Document:
    """As ``accounts.audit.deed`` says it."""
    data = {
        "by": literal(by),
        "request_id": literal(request_id),
        "subject": "$_id",
        "before": {"status": "$status"},
        "after": {name: literal(value) for name, value in after.items()},
    }
    return message(index, _AUDIT, what, data)


def message(index: int, stream: str, type: str, data: Document) -> Document:
    """One entry of an outbox, with the id that ``core.messages.message_id`` would give it."""
    parts: Sequence[Any] = ("msg_", {"$substrCP": ["$_id", 4, 26]}, ".", {"$toString": VERSION}, f".{index}")
    return {
        "id": {"$concat": [part if isinstance(part, dict) else literal(part) for part in parts]},
        "stream": literal(stream),
        "type": literal(type),
        "key": "$_id",
        "version": VERSION,
        "at": NOW,
        "data": data,
    }
