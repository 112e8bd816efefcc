"""Taking places off the sale: blocks claim them first, then the event says so.

The block is the decision. A crash in between leaves an event that claims too much, which ``recounted``
puts right on the next change.
"""

from __future__ import annotations

from app.catalogue.models import Event
from app.catalogue.revision import Revision
from app.core.ids import derived_id
from app.stock.errors import CapacityInUse
from app.stock.models import Want
from app.stock.service import Stock

ROUNDS = 10
LOWERED = "capacity lowered"
CLOSED = "seats closed"


class Blocks:
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    async def recounted(self, event: Event) -> Event:
        """The event with the capacity that blocks leave. Nothing of a draft is blocked."""
        if event.status == "draft":
            return event
        return event.recounted(await self._stock.blocked(event.id))

    async def moved(self, event: Event) -> bool:
        """Whether blocks changed since ``event`` was recounted: somebody else lowers it as well."""
        return await self.recounted(event) != event

    async def claim(self, event: Event, revision: Revision) -> Event:
        """Blocks what the revision takes off the sale; answers with what is to be saved."""
        if event.status == "draft":
            return revision.event
        await self._refuse_hopeless(event, revision)
        for type_id, seats in revision.closing.items():
            block_id = derived_id("ord", event.id, "close", *seats)
            await self._stock.block(event.plan, Want(type_id, seats=seats), block_id, CLOSED)
        for type_id, capacity in revision.lowered.items():
            await self._lower(event, type_id, capacity)
        return await self.recounted(revision.event)

    async def _lower(self, event: Event, type_id: str, capacity: int) -> None:
        """The block's id names what was blocked before it, so two who lower alike make one block."""
        kind = event.ticket_type(type_id)
        size = kind.size if kind else 0
        for _ in range(ROUNDS):
            before = (await self._stock.blocked(event.id)).get(type_id, 0)
            lack = size - before - capacity
            if lack <= 0:
                return
            block_id = derived_id("ord", event.id, "lower", type_id, before)
            await self._stock.block(event.plan, Want(type_id, quantity=lack), block_id, LOWERED)
        raise CapacityInUse(ticket_type_id=type_id)

    async def _refuse_hopeless(self, event: Event, revision: Revision) -> None:
        """Two types are blocked one after the other: look first whether the last one can succeed."""
        if len(revision.lowered) + len(revision.closing) < 2:
            return
        capacity = {kind.id: kind.capacity for kind in event.ticket_types}
        lack = {type_id: capacity[type_id] - left for type_id, left in revision.lowered.items()}
        lack |= {type_id: len(seats) for type_id, seats in revision.closing.items()}
        for count in (await self._stock.counts(event.plan)).by_type:
            if count.available < lack.get(count.ticket_type_id, 0):
                raise CapacityInUse(ticket_type_id=count.ticket_type_id)
        await self._refuse_claimed_seats(event, revision)

    async def _refuse_claimed_seats(self, event: Event, revision: Revision) -> None:
        if not revision.closing:
            return
        states = await self._stock.seat_states(event.plan)
        for type_id, seats in revision.closing.items():
            if any(states[seat] != "available" for seat in seats):
                raise CapacityInUse(ticket_type_id=type_id)
