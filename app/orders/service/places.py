"""What must follow when an order's claims changed: Redis and this process's memos learn of it.

Called after the write. A crash before it costs a repair, never a place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from app.catalogue.service import Availability, Catalogue
from app.orders.models import Order
from app.orders.sold_out import SoldOutMemo
from app.stock.models import Plan
from app.stock.service import Stock


class Places:
    def __init__(
        self, stock: Stock, catalogue: Catalogue, availability: Availability, memo: SoldOutMemo
    ) -> None:
        self._stock = stock
        self._catalogue = catalogue
        self._availability = availability
        self._memo = memo

    async def released(self, event_id: str, orders: Sequence[Order]) -> None:
        """All units of orders that have ended."""
        units = [unit for order in orders for unit in order.units]
        await self.units_released(event_id, [order.id for order in orders], units)

    async def units_released(self, event_id: str, order_ids: Sequence[str], units: Iterable[str]) -> None:
        units = tuple(units)
        await self._stock.release(await self._plan(event_id, units), order_ids, units)
        self._memo.forget(event_id)
        self._availability.forget(event_id)

    async def sold(self, order: Order) -> None:
        plan = await self._plan(order.event_id, order.units)
        await self._stock.settle(plan, order.id, order.units)
        self._availability.forget(order.event_id)

    async def lost(self, plan: Plan, order_id: str, units: Sequence[str], claimed: str) -> None:
        """Of units proposed to an order one was claimed by another; the rest go back."""
        self._stock.struck(plan, [claimed])
        await self._stock.settle(plan, order_id, [claimed])
        await self._stock.release(plan, [order_id], [unit for unit in units if unit != claimed])

    async def _plan(self, event_id: str, units: Collection[str]) -> Plan:
        """Units this process never heard of were added to the event since it read it."""
        event = await self._catalogue.cached(event_id)
        if not event.plan.knows_all(units):
            event = await self._catalogue.fresh(event_id)
        return event.plan
