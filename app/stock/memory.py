"""The picture a process keeps for itself while Redis is away: read from MongoDB, picked at random.

Processes do not see each other's picks; random choice keeps them apart, and the index decides.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.stock.models import Answer, Claim, Count, Missing, Plan, Taken, Want, by_pool


class MemoryPicture:
    """One event at one moment."""

    def __init__(self, plan: Plan, claims: Sequence[Claim], kept_until: float = 0.0) -> None:
        self.plan = plan
        self.kept_until = kept_until
        self._holder = {unit: claim for claim in claims for unit in claim.units}
        self._free = {
            pool.ticket_type_id: {unit for unit in pool.units() if unit not in self._holder}
            for pool in plan.pools
        }
        self._next = {type_id: _shuffled(free) for type_id, free in self._free.items()}
        self._claims = claims

    def take(self, wants: Sequence[Want], now: datetime) -> Answer:
        """All or none. The units leave this picture; whether they are ours the insert decides."""
        for want in wants:
            free = self._free[want.ticket_type_id]
            for seat in want.seats:
                if seat not in free:
                    return Missing(seat=seat, overdue=self._overdue_holder(seat, now))
            if want.quantity > len(free):
                return Missing(ticket_type_id=want.ticket_type_id, overdue=self._overdue(now))
        chosen: list[str] = []
        for want in wants:  # In their order: tickets are issued along the items of the order.
            self.strike(want.seats)
            chosen += (*want.seats, *self._pick(want))
        return Taken(tuple(chosen), from_memory=True)

    def _pick(self, want: Want) -> list[str]:
        free, following = self._free[want.ticket_type_id], self._next[want.ticket_type_id]
        picked: list[str] = []
        while len(picked) < want.quantity:
            unit = following.pop()
            if unit in free:
                free.discard(unit)
                picked.append(unit)
        return picked

    def strike(self, units: Iterable[str]) -> None:
        """Units it does not know are of a later version of the event, as they are in ``put_back``."""
        for type_id, found in by_pool(self.plan, units).items():
            self._free[type_id].difference_update(found)

    def put_back(self, units: Iterable[str]) -> None:
        for type_id, found in by_pool(self.plan, units).items():
            for unit in found:
                self._holder.pop(unit, None)
                self._free[type_id].add(unit)
                self._next[type_id].append(unit)

    def counts(self) -> tuple[Count, ...]:
        held = by_pool(self.plan, (unit for unit, claim in self._holder.items() if claim.held))
        return tuple(
            Count(
                pool.ticket_type_id,
                available=(free := len(self._free[pool.ticket_type_id])),
                held=(kept := len(held.get(pool.ticket_type_id, ()))),
                sold=pool.size - free - kept,
            )
            for pool in self.plan.pools
        )

    def held_seats(self) -> set[str]:
        return {unit for unit, claim in self._holder.items() if claim.held and unit.startswith("s/")}

    def free_seats(self) -> set[str]:
        return {unit for free in self._free.values() for unit in free if unit.startswith("s/")}

    def _overdue(self, now: datetime) -> tuple[str, ...]:
        return tuple(c.order_id for c in self._claims if c.due is not None and c.due <= now)[:50]

    def _overdue_holder(self, seat: str, now: datetime) -> tuple[str, ...]:
        claim = self._holder.get(seat)
        return (claim.order_id,) if claim and claim.due is not None and claim.due <= now else ()


def _shuffled(units: Iterable[str]) -> list[str]:
    order = list(units)
    random.shuffle(order)
    return order
