"""A cancelled event is swept until no live order of it remains: holds end, paid orders are refunded."""

from __future__ import annotations

from datetime import timedelta

from app.catalogue.service import Catalogue
from app.core.clock import Clock
from app.core.each import each
from app.orders.models import Order
from app.orders.repository import Orders
from app.orders.service.ending import Ending
from app.orders.service.refunds import Refunds

SWEPT_FOR = timedelta(days=60)
"""Longer than any order of it could stay open: what remains after that is for a person."""
CAUSE = "event cancelled"


class Cancellations:
    def __init__(
        self, orders: Orders, catalogue: Catalogue, ending: Ending, refunds: Refunds, clock: Clock
    ) -> None:
        self._orders = orders
        self._catalogue = catalogue
        self._ending = ending
        self._refunds = refunds
        self._clock = clock

    async def sweep(self, limit: int) -> int:
        """Cancelled events, again and again: bookings under way at that moment may come late."""
        swept = 0
        for event_id in await self._catalogue.cancelled_since(self._clock.now() - SWEPT_FOR):
            swept += await self.of_event(event_id, limit)
        return swept

    async def of_event(self, event_id: str, limit: int) -> int:
        orders = await self._orders.live_sales(event_id, limit)
        return await each(orders, self._end, "order_cancel")

    async def _end(self, order: Order) -> None:
        """An order that moved meanwhile is met again by the next sweep."""
        if order.status == "confirmed":
            cancelled = await self._refunds.cancel(order, reason=CAUSE, by="system", cause=CAUSE)
            if cancelled is not None and cancelled.refunds_due:
                await self._refunds.pay(cancelled)
        elif order.status in ("pending", "offered"):
            await self._ending.begin(order, "cancelled", cause=CAUSE, by="system")
