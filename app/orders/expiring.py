"""How orders that were never opened end when their time is over: many in one update."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.mongo import Document, literal
from app.orders.messages import AVAILABILITY, ORDERS


def expiring(now: datetime) -> list[Mapping[str, Any]]:
    """A pipeline update, because each document's history and messages carry its own values."""
    version = {"$add": ["$version", 1]}
    entry = {
        "at": now,
        "from": "$status",
        "to": literal("expired"),
        "cause": literal("deadline passed"),
        "by": literal("system"),
    }
    told = {"order_id": "$_id", "event_id": "$event_id", "status": literal("expired"), "units": "$units"}
    messages = [
        _message(0, ORDERS, "order.expired", {**told, "total": "$total"}, version, now),
        _message(1, AVAILABILITY, "tickets.unlocked", told, version, now),
    ]
    return [
        {
            "$set": {
                "status": literal("expired"),
                "version": version,
                "history": {"$concatArrays": ["$history", [entry]]},
                "outbox": {"$concatArrays": [{"$ifNull": ["$outbox", []]}, messages]},
            }
        },
        {"$unset": ["claims", "limits", "deadline"]},
    ]


def _message(index: int, stream: str, kind: str, data: Document, version: Document, at: datetime) -> Document:
    ulid = {"$substrCP": ["$_id", 4, 26]}
    message = {"$concat": ["msg_", ulid, ".", {"$toString": version}, literal(f".{index}")]}
    return {
        "id": message,
        "stream": literal(stream),
        "type": literal(kind),
        "key": "$_id",
        "version": version,
        "at": at,
        "data": data,
    }
