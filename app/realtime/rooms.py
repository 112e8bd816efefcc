"""Names: where Socket.IO clients connect, and the rooms they share."""

from __future__ import annotations

from collections.abc import Iterable

from app.accounts.models import Caller

LIVE = "/live"
ADMIN = "/admin"
STAFF_ROOM = "staff"
"""Staff of the whole house, connected to ``/admin``. Those limited to some events and lines have a room for
each."""
_OURS = ("event:", "order:", "service:", "token:", "staff:")


def event_room(event_id: str) -> str:
    return f"event:{event_id}"


def order_room(order_id: str) -> str:
    return f"order:{order_id}"


def service_room(service_id: str) -> str:
    return f"service:{service_id}"


def token_room(token_id: str) -> str:
    return f"token:{token_id}"


def staff_room(id: str) -> str:
    """Of an event or of a service."""
    return f"{STAFF_ROOM}:{id}"


def staff_rooms(id: str) -> list[str]:
    """Everywhere that staff hear of an event or of a service."""
    return [STAFF_ROOM, staff_room(id)]


def rooms_of(caller: Caller) -> list[str]:
    """Where staff hear what they may know."""
    bounds = caller.bounds
    return [STAFF_ROOM] if bounds is None else sorted(map(staff_room, bounds.events | bounds.services))


def is_ours(room: object) -> bool:
    """Socket.IO keeps rooms of its own (one per socket, one for all) beside ours."""
    return isinstance(room, str) and (room == STAFF_ROOM or room.startswith(_OURS))


def distinct(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))
