"""``/live``: open to everybody. A client watches an event, a line, or with the secret its order or token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.core.errors import Conflict, Invalid
from app.core.ids import is_id
from app.realtime.namespace import Namespace
from app.realtime.rooms import LIVE, event_room, is_ours, order_room, service_room, token_room
from app.realtime.seq import Sequences
from app.realtime.state import State, versioned
from app.realtime.watching import Watching

ROOMS_PER_SOCKET = 20
LONGEST_SECRET = 2000
LONGEST_SLUG = 100


class TooManyRooms(Conflict):
    code, title = "too_many_rooms", "One connection watches a few things only"


@dataclass(frozen=True, slots=True)
class Sights:
    """What can be watched. What needs a secret takes it second; a wrong one and an absent thing both raise
    NotFound."""

    availability: Callable[[str], Awaitable[State]]
    order: Callable[[str, str], Awaitable[State]]
    find_line: Callable[[str], Awaitable[str]]
    """The id of the one at a slug."""
    line: Callable[[str], Awaitable[State]]
    """By id."""
    token: Callable[[str, str], Awaitable[State]]


@dataclass(frozen=True, slots=True)
class _Asked:
    admit: Callable[[], Awaitable[Any]]
    """Raises where the client may not watch this, before the room is entered: nothing is overheard."""
    room: str
    read: Callable[[], Awaitable[State]]


class LiveNamespace(Namespace):
    heard = frozenset({"watch", "unwatch"})

    def __init__(self, sequences: Sequences, watching: Watching, sights: Sights) -> None:
        super().__init__(LIVE)
        self._sequences = sequences
        self._watching = watching
        self._sights = sights

    async def on_watch(self, sid: str, data: Any) -> State:
        """Answers with a snapshot, as the acknowledgement and, for who asked for none, as an event."""
        asked = await self._asked(data)
        room = asked.room
        await self._enter(sid, asked)
        await self._watching.mark([room])
        seq = (await self._sequences.read([room]))[room]
        snapshot = versioned(await asked.read()) | {"room": room, "seq": seq}
        await self.emit("snapshot", snapshot, to=sid, ignore_queue=True)
        return snapshot

    async def on_unwatch(self, sid: str, data: Any) -> State:
        room = data.get("room") if isinstance(data, dict) else None
        if not isinstance(room, str) or not is_ours(room):
            raise Invalid("name the room")
        await self.leave_room(sid, room)
        (await self._rooms(sid)).discard(room)
        return {"room": room}

    async def _enter(self, sid: str, asked: _Asked) -> None:
        """Counted first: of many watches at once none slips through."""
        rooms = await self._rooms(sid)
        if len(rooms | {asked.room}) > ROOMS_PER_SOCKET:
            raise TooManyRooms
        known = asked.room in rooms
        rooms.add(asked.room)
        try:
            await asked.admit()
        except BaseException:
            if not known:
                rooms.discard(asked.room)
            raise
        await self.enter_room(sid, asked.room)

    async def _rooms(self, sid: str) -> set[str]:
        """The library could say it too, after asking every room of everybody."""
        session: dict[str, set[str]] = await self.get_session(sid)
        return session.setdefault("rooms", set())

    async def _asked(self, data: Any) -> _Asked:
        sights = self._sights
        match data:
            case {"event": str(event)} if len(data) == 1 and is_id(event, "evt"):
                return _readable(event_room(event), lambda: sights.availability(event))
            case {"service": str(slug)} if len(data) == 1 and 0 < len(slug) <= LONGEST_SLUG:
                service = await sights.find_line(slug)
                return _Asked(_anybody, service_room(service), lambda: sights.line(service))
            case {"order": str(order), "secret": str(secret)} if _own(data, order, "ord", secret):
                return _readable(order_room(order), lambda: sights.order(order, secret))
            case {"token": str(token), "secret": str(secret)} if _own(data, token, "tok", secret):
                return _readable(token_room(token), lambda: sights.token(token, secret))
        raise Invalid(
            'watch takes {"event": id}, {"service": slug}, or {"order" or "token": id, "secret": ...}'
        )


def _readable(room: str, read: Callable[[], Awaitable[State]]) -> _Asked:
    """Whoever can read it may watch it."""
    return _Asked(read, room, read)


async def _anybody() -> None:
    return


def _own(data: Any, id: str, prefix: str, secret: str) -> bool:
    return len(data) == 2 and is_id(id, prefix) and len(secret) <= LONGEST_SECRET
