"""What is left of an event: counts by ticket type, and the map of its seats."""

from __future__ import annotations

import asyncio

from app.catalogue.models import Event
from app.catalogue.schemas import AvailabilityOut, TypeAvailability
from app.catalogue.seatmap import SeatMap, draw
from app.catalogue.service.catalogue import Catalogue
from app.core.memo import Memo
from app.stock.models import Counts
from app.stock.service import Stock

COUNTS_SECONDS = 0.05
COUNTS_SPACING = 0.01
MAP_SECONDS = 1.0
MAP_SPACING = 0.15
MAPS_BYTES = 32 * 1024 * 1024


class Availability:
    def __init__(self, catalogue: Catalogue, stock: Stock) -> None:
        self._catalogue = catalogue
        self._stock = stock
        self._counts: Memo[bytes] = Memo(
            self._count, seconds=COUNTS_SECONDS, spacing=COUNTS_SPACING, max_weight=10_000
        )
        self._maps: Memo[SeatMap] = Memo(
            self._draw,
            seconds=MAP_SECONDS,
            spacing=MAP_SPACING,
            max_weight=MAPS_BYTES,
            weigh=lambda seats: len(seats.zipped),
        )

    async def counts(self, event_id: str) -> bytes:
        """An ``AvailabilityOut`` as JSON: encoded once, read by many."""
        return self._counts.peek(event_id) or await self._counts.get(event_id)

    async def seats(self, event_id: str) -> SeatMap:
        return await self._maps.get(event_id)

    def forget(self, event_id: str) -> None:
        """After a write of this process: who reads next sees it."""
        self._counts.forget(event_id)
        self._maps.forget(event_id)

    async def snapshot(self, event_id: str) -> AvailabilityOut:
        """As ``counts``, for those who do not answer over HTTP."""
        event = await self._catalogue.recent(event_id)
        return _availability(event, await self._stock.counts(event.plan))

    async def _count(self, event_id: str) -> bytes:
        return (await self.snapshot(event_id)).model_dump_json().encode()

    async def _draw(self, event_id: str) -> SeatMap:
        event = await self._catalogue.recent(event_id)
        states = await self._stock.seat_states(event.plan)
        return await asyncio.to_thread(draw, event, states)


def _availability(event: Event, counts: Counts) -> AvailabilityOut:
    """Stock counts blocked units as sold; for customers they do not exist."""
    by_type = {count.ticket_type_id: count for count in counts.by_type}
    types = []
    for kind in event.ticket_types:
        count = by_type[kind.id]
        sold = max(0, count.sold - (kind.size - kind.capacity))
        types.append(
            TypeAvailability(
                id=kind.id,
                name=kind.name,
                capacity=kind.capacity,
                available=count.available,
                held=count.held,
                sold=sold,
            )
        )
    return AvailabilityOut(event_id=event.id, as_of=counts.as_of, ticket_types=types)
