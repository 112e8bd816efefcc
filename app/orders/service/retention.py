"""Guests are forgotten some time after their event."""

from __future__ import annotations

from datetime import timedelta

from app.catalogue.service import Catalogue
from app.core.clock import Clock
from app.orders.repository import Orders
from app.payments.service import PaymentService

_EVENTS_AT_ONCE = 20


class Retention:
    def __init__(
        self, orders: Orders, payments: PaymentService, catalogue: Catalogue, clock: Clock, days: int
    ) -> None:
        """``days`` 0 keeps them for good."""
        self._orders = orders
        self._payments = payments
        self._catalogue = catalogue
        self._clock = clock
        self._kept = timedelta(days=days)

    async def sweep(self) -> int:
        """Events whose guests it made us forget. A crash in between forgets them again, which is the same."""
        if not self._kept:
            return 0
        now = self._clock.now()
        over = await self._catalogue.over_before(now - self._kept, _EVENTS_AT_ONCE)
        for event_id in over:
            # Payments first: afterwards nothing tells any more which orders were a guest's.
            await self._payments.forget_reasons(await self._orders.ids_of_guests(event_id))
            await self._orders.forget_guests(event_id)
            await self._catalogue.guests_forgotten(event_id, now)
        return len(over)
