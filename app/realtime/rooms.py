"""Names: where Socket.IO clients connect, and the rooms they share."""

from __future__ import annotations

from app.accounts.models import Caller

LIVE = "/live"
ADMIN = "/admin"
STAFF_ROOM = "staff"
"""Staff of the whole house, connected to ``/admin``. Those limited to some events have a room for each."""


def event_room(event_id: str) -> str:
    return f"event:{event_id}"


def order_room(order_id: str) -> str:
    return f"order:{order_id}"


def staff_room(event_id: str) -> str:
    return f"{STAFF_ROOM}:{event_id}"


def rooms_of(caller: Caller) -> list[str]:
    """Where staff hear what they may know."""
    return [STAFF_ROOM] if caller.events is None else list(map(staff_room, caller.events))


def is_ours(room: object) -> bool:
    """Socket.IO keeps rooms of its own (one per socket, one for all) beside ours."""
    return isinstance(room, str) and (room == STAFF_ROOM or room.startswith(("event:", "order:", "staff:")))
