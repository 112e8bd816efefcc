"""Ending holds whose time is over.

An order that was never opened ends in one write, by whoever notices first: a buyer who wants the places,
or the sweeper. One that was opened has to ask its provider first (``settlement.py``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence

from app.orders.models import Order
from app.orders.repository import Orders
from app.orders.service.places import Places

ORDERS_PER_SECOND = 950.0
"""Enough for 100,000 overdue holds in two minutes, and no more: bookings go first."""


class Expiry:
    def __init__(self, orders: Orders, places: Places, batch: int) -> None:
        self._orders = orders
        self._places = places
        self._batch = batch

    async def end_overdue(self, ids: Sequence[str]) -> bool:
        """Ends those of ``ids`` that are overdue and never opened. True when places came free."""
        return await self._expire(ids) > 0

    async def end_overdue_holder(self, event_id: str, unit: str) -> bool:
        """The same for whoever claims ``unit``."""
        holder = await self._orders.holder(event_id, unit)
        return holder is not None and await self.end_overdue([holder.id])

    async def sweep(self) -> int:
        """All overdue orders that were never opened, in batches."""
        ended = 0
        while True:
            started = time.monotonic()
            ids = await self._orders.overdue_never_opened(self._batch)
            ended += await self._expire(ids)
            if len(ids) < self._batch:
                return ended
            await asyncio.sleep(started + len(ids) / ORDERS_PER_SECOND - time.monotonic())

    async def _expire(self, ids: Sequence[str]) -> int:
        if not ids:
            return 0
        expired = await self._orders.expire(ids)
        for event_id, group in _by_event(expired).items():
            await self._places.released(event_id, group)
        return len(expired)


def _by_event(orders: Iterable[Order]) -> dict[str, list[Order]]:
    groups: dict[str, list[Order]] = {}
    for order in orders:
        groups.setdefault(order.event_id, []).append(order)
    return groups
