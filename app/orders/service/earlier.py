"""What a booking's idempotency key made before: asked before any no is said to a request that has one."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core.errors import KeyReused, Problem
from app.orders.booking import Booked, Booking
from app.orders.repository import Orders

KEY_KEPT = timedelta(hours=24)


class Earlier:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    async def order(self, booking: Booking, now: datetime, own_id: str = "") -> Booked | None:
        """None when there is none. ``own_id`` is no replay but this very booking. Raises KeyReused."""
        if booking.key is None:
            return None
        order = await self._orders.by_key(booking.event_id, booking.caller, booking.key)
        if order is None:
            return None
        if order.id != own_id and order.created_at < now - KEY_KEPT:
            await self._orders.forget_key(order)
            return None
        if order.idem["body"] != booking.body_hash:
            raise KeyReused
        return Booked(order, replayed=order.id != own_id)

    async def or_refuse(self, problem: Problem, booking: Booking, now: datetime, own_id: str = "") -> Booked:
        """No is said to a request with a key only after its key was found to have made no order."""
        earlier = await self.order(booking, now, own_id)
        if earlier is None:
            raise problem
        return earlier
