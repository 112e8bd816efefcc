"""``/live``: open to everybody. A client watches an event, or its own order with the order's secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from app.core.errors import Conflict, Invalid
from app.core.ids import is_id
from app.realtime.namespace import Namespace
from app.realtime.rooms import LIVE, event_room, is_ours, order_room
from app.realtime.seq import Sequences
from app.realtime.state import State, versioned
from app.realtime.watching import Watching

ROOMS_PER_SOCKET = 20
LONGEST_SECRET = 2000


class TooManyRooms(Conflict):
    code, title = "too_many_rooms", "One connection watches a few things only"


class LiveNamespace(Namespace):
    heard = frozenset({"watch", "unwatch"})

    def __init__(
        self,
        sequences: Sequences,
        watching: Watching,
        availability: Callable[[str], Awaitable[State]],
        open_order: Callable[[str, str], Awaitable[State]],
    ) -> None:
        """``open_order`` takes id and secret; a wrong secret and an absent order both raise NotFound."""
        super().__init__(LIVE)
        self._sequences = sequences
        self._watching = watching
        self._availability = availability
        self._open_order = open_order

    async def on_watch(self, sid: str, data: Any) -> State:
        """Answers with a snapshot, as the acknowledgement and, for who asked for none, as an event."""
        room, read = self._asked(data)
        if sum(map(is_ours, self.rooms(sid))) >= ROOMS_PER_SOCKET:
            raise TooManyRooms
        await read()  # Refuses before the room is entered, so that nothing is overheard meanwhile.
        await self.enter_room(sid, room)
        await self._watching.mark([room])
        seq = (await self._sequences.read([room]))[room]
        snapshot = versioned(await read()) | {"room": room, "seq": seq}
        await self.emit("snapshot", snapshot, to=sid, ignore_queue=True)
        return snapshot

    async def on_unwatch(self, sid: str, data: Any) -> State:
        room = data.get("room") if isinstance(data, dict) else None
        if not isinstance(room, str) or not is_ours(room):
            raise Invalid("name the room")
        await self.leave_room(sid, room)
        return {"room": room}

    def _asked(self, data: Any) -> tuple[str, Callable[[], Awaitable[State]]]:
        match data:
            case {"event": str(event_id)} if len(data) == 1 and is_id(event_id, "evt"):
                return event_room(event_id), lambda: self._availability(event_id)
            case {"order": str(order), "secret": str(secret)} if len(data) == 2 and is_id(order, "ord"):
                if len(secret) > LONGEST_SECRET:
                    raise Invalid("not a secret")
                return order_room(order), lambda: self._open_order(order, secret)
        raise Invalid('watch takes {"event": id} or {"order": id, "secret": ...}')
