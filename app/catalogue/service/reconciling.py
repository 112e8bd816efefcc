"""Compares the pictures of events on sale with the database, now and then.

A process killed between its script and its insert leaves units that look held though nobody claims them.
A buyer who is told "sold out" has them freed at once; this frees them where nobody asks.

A process killed between changing an event and its picture leaves one that the others still agree with,
though it sells at an old price, or a cancelled event. Newer ones tell them to read the event again.
"""

from __future__ import annotations

from datetime import timedelta

from app.catalogue.models import Event
from app.catalogue.repository import Events
from app.catalogue.service.catalogue import Catalogue
from app.core.clock import Clock
from app.core.each import each
from app.stock.service import Stock

CANCELLED_LATELY = timedelta(days=1)


class Reconciling:
    def __init__(self, events: Events, catalogue: Catalogue, stock: Stock, clock: Clock) -> None:
        self._events = events
        self._catalogue = catalogue
        self._stock = stock
        self._clock = clock

    async def sweep(self, limit: int) -> int:
        """Events that are published and have not begun, the next to begin first; and cancelled ones."""
        now = self._clock.now()
        cancelled = await self._events.cancelled_since(now - CANCELLED_LATELY)
        await each(cancelled, self._catch_up, "picture")
        return await each(await self._events.on_sale(now, limit), self._compare, "picture")

    async def _compare(self, event_id: str) -> None:
        event = await self._catch_up(event_id)
        await self._stock.repair(event.plan)

    async def _catch_up(self, event_id: str) -> Event:
        event = await self._catalogue.recent(event_id)
        await self._stock.catch_up(event.plan)
        return event
