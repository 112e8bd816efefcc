"""Turns messages into payloads and rooms. Runs in workers; the only place that emits news.

Nothing is owed here: what is lost is healed by the room's seq and a snapshot. Payloads carry the state
as it is when they are made, so repeated or late messages do no harm.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from app.core.jobs import Job
from app.core.messages import Envelope
from app.core.redis import Client
from app.realtime.emitter import Emitter
from app.realtime.rooms import ADMIN, LIVE, STAFF_ROOM, event_room, order_room, staff_room
from app.realtime.state import State
from app.realtime.throttle import Throttle
from app.realtime.watching import Watching

ReadMany = Callable[[Sequence[str]], Awaitable[Mapping[str, State]]]
"""Whole states by id, as the API shows them; ids that are gone are left out."""
ReadOne = Callable[[str], Awaitable[State]]
ReadTotals = Callable[[Sequence[str] | None], Awaitable[State]]
"""Of some events, or of all."""

STREAMS = ("orders", "ticket_availability", "payment_notifications", "events")
SECONDS_PER_ROOM = 0.5
SECONDS_PER_STATS = 1.0
"""Totals are counted over whole collections."""


class LiveListener:
    def __init__(
        self,
        redis: Client,
        emitter: Emitter,
        watching: Watching,
        *,
        orders: ReadMany,
        payments: ReadMany,
        availability: ReadOne,
        stats: ReadTotals,
    ) -> None:
        self._emitter = emitter
        self._watching = watching
        self._orders = orders
        self._payments = payments
        self._availability = availability
        self._stats = stats
        self._by_event = Throttle(
            redis, self._tell_availability, name="availability", seconds=SECONDS_PER_ROOM
        )
        self._by_stats = Throttle(redis, self._tell_stats, name="stats", seconds=SECONDS_PER_STATS)

    async def aclose(self) -> None:
        await self._by_event.aclose()
        await self._by_stats.aclose()

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        """The handler of the feed ``realtime``. Prepares nothing that nobody looks at."""
        events = _distinct(str(e.data["event_id"]) for e in envelopes if "event_id" in e.data)
        for event_id in events:
            self._by_event.touch(event_id)
        orders = {e.key: str(e.data.get("event_id")) for e in envelopes if e.stream == "orders"}
        paid = {
            str(e.data["payment_id"]): str(e.data.get("event_id"))
            for e in envelopes
            if e.stream == "payment_notifications"
        }
        staff_rooms = [STAFF_ROOM, *map(staff_room, events)]
        watched = await self._watching.watched([*staff_rooms, *map(order_room, orders)])
        await self._tell_orders(orders, watched)
        await self._tell_payments(paid, watched)
        for room in watched.intersection(staff_rooms):
            self._by_stats.touch(room)

    async def job(self, job: Job) -> None:
        """Told by the runner after each change of a job record."""
        if not await self._watching.watched([STAFF_ROOM]):
            return
        state = {
            "id": job.id,
            "name": job.name,
            "subject": job.subject,
            "status": job.status,
            "tries": job.tries,
            "last_error": job.last_error,
            "due": job.due,
            "created_at": job.created_at,
            "updated_at": job.updated_at,
            "version": int(job.updated_at.timestamp() * 1000),
        }
        await self._emitter.emit(ADMIN, STAFF_ROOM, "job.updated", state)
        self._by_stats.touch(STAFF_ROOM)

    async def _tell_orders(self, events: Mapping[str, str], watched: set[str]) -> None:
        """``events`` by order. One read for all of a batch; none when nobody looks."""
        rooms = {order: _listening(order, event, watched) for order, event in events.items()}
        wanted = [order for order, found in rooms.items() if found]
        states = await self._orders(wanted) if wanted else {}
        for order, state in states.items():
            for namespace, room in rooms[order]:
                await self._emitter.emit(namespace, room, "order.updated", state)

    async def _tell_payments(self, events: Mapping[str, str], watched: set[str]) -> None:
        """``events`` by payment."""
        rooms = {payment: _staff(event, watched) for payment, event in events.items()}
        wanted = [payment for payment, found in rooms.items() if found]
        states = await self._payments(wanted) if wanted else {}
        for payment, state in states.items():
            for room in rooms[payment]:
                await self._emitter.emit(ADMIN, room, "payment.updated", state)

    async def _tell_availability(self, event_id: str) -> None:
        watched = await self._watching.watched([event_room(event_id), STAFF_ROOM, staff_room(event_id)])
        if not watched:
            return
        state = await self._availability(event_id)
        if event_room(event_id) in watched:
            await self._emitter.emit(LIVE, event_room(event_id), "availability.updated", state)
        for room in _staff(event_id, watched):
            await self._emitter.emit(ADMIN, room, "availability.updated", state)

    async def _tell_stats(self, room: str) -> None:
        event_id = room.removeprefix(STAFF_ROOM).removeprefix(":")
        stats = await self._stats([event_id] if event_id else None)
        about = {"event_id": event_id} if event_id else {}
        await self._emitter.emit(ADMIN, room, "stats.updated", stats | about)


def _staff(event_id: str, watched: set[str]) -> list[str]:
    return [room for room in (STAFF_ROOM, staff_room(event_id)) if room in watched]


def _listening(order: str, event_id: str, watched: set[str]) -> list[tuple[str, str]]:
    """Who hears of an order: staff, and who has it open."""
    staff = [(ADMIN, room) for room in _staff(event_id, watched)]
    return staff + ([(LIVE, order_room(order))] if order_room(order) in watched else [])


def _distinct(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))
