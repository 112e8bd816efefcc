"""Orders, payments and availability."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from app.core.messages import Envelope
from app.core.redis import Client
from app.realtime.emitter import Emitter
from app.realtime.listeners.totals import Totals
from app.realtime.rooms import (
    ADMIN,
    LIVE,
    STAFF_ROOM,
    distinct,
    event_room,
    order_room,
    staff_room,
    staff_rooms,
)
from app.realtime.state import State
from app.realtime.throttle import Throttle
from app.realtime.watching import Watching

ReadMany = Callable[[Sequence[str]], Awaitable[Mapping[str, State]]]
"""Whole states by id, as the API shows them; ids that are gone are left out."""
ReadOne = Callable[[str], Awaitable[State]]

STREAMS = ("orders", "ticket_availability", "payment_notifications", "events")
SECONDS_PER_ROOM = 0.5


class SalesListener:
    def __init__(
        self,
        redis: Client,
        emitter: Emitter,
        watching: Watching,
        totals: Totals,
        *,
        orders: ReadMany,
        payments: ReadMany,
        availability: ReadOne,
    ) -> None:
        self._emitter = emitter
        self._watching = watching
        self._totals = totals
        self._orders = orders
        self._payments = payments
        self._availability = availability
        self._by_event = Throttle(
            redis, self._tell_availability, name="availability", seconds=SECONDS_PER_ROOM
        )

    async def aclose(self) -> None:
        await self._by_event.aclose()

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        events = distinct(str(e.data["event_id"]) for e in envelopes if "event_id" in e.data)
        for event_id in events:
            self._by_event.touch(event_id)
        orders = {e.key: str(e.data.get("event_id")) for e in envelopes if e.stream == "orders"}
        paid = {
            str(e.data["payment_id"]): str(e.data.get("event_id"))
            for e in envelopes
            if e.stream == "payment_notifications"
        }
        counting = [STAFF_ROOM, *map(staff_room, events)]
        watched = await self._watching.watched([*counting, *map(order_room, orders)])
        await self._tell_orders(orders, watched)
        await self._tell_payments(paid, watched)
        for room in watched.intersection(counting):
            self._totals.touch(room)

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
        watched = await self._watching.watched([event_room(event_id), *staff_rooms(event_id)])
        if not watched:
            return
        state = await self._availability(event_id)
        if event_room(event_id) in watched:
            await self._emitter.emit(LIVE, event_room(event_id), "availability.updated", state)
        for room in _staff(event_id, watched):
            await self._emitter.emit(ADMIN, room, "availability.updated", state)


def _staff(event_id: str, watched: set[str]) -> list[str]:
    return [room for room in staff_rooms(event_id) if room in watched]


def _listening(order: str, event_id: str, watched: set[str]) -> list[tuple[str, str]]:
    """Who hears of an order: staff, and who has it open."""
    staff = [(ADMIN, room) for room in _staff(event_id, watched)]
    return staff + ([(LIVE, order_room(order))] if order_room(order) in watched else [])
