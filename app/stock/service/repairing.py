"""Units that a crash stranded: withheld by the picture in Redis, claimed by nobody in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from ulid import ULID

from app.core.clock import Clock
from app.core.redis import Breaker, RedisAway
from app.stock.models import Plan, Pool
from app.stock.repository.claims import Claims
from app.stock.repository.picture import Picture, free_units

log = structlog.get_logger("stock")

IN_FLIGHT = timedelta(seconds=2)
"""A unit taken from the picture this recently may be on its way into the database."""

Members = tuple[set[str], dict[str, str], int]
"""Of a pool in the picture: free members, held unit -> order id, next never-used number."""


class Repairs:
    def __init__(self, picture: Picture, claims: Claims, breaker: Breaker, clock: Clock) -> None:
        self._picture = picture
        self._claims = claims
        self._breaker = breaker
        self._clock = clock

    async def repair(self, plan: Plan) -> bool:
        """True when something was freed.

        Units taken a moment ago are left alone: their insert may be under way. Should a slower one
        be freed all the same, the index refuses whoever comes second.
        """
        horizon = self._clock.now() - IN_FLIGHT
        freed = 0
        try:
            if await self._agrees(plan):
                return False
            # The picture first: what is sold in between then looks free here and is left alone.
            pictured = [(pool, await self.members(plan, pool)) for pool in plan.pools]
            claimed = {unit for claim in await self._claims.load(plan.event_id) for unit in claim.units}
            for pool, found in pictured:
                for holder, units in _withheld(pool, found, claimed, horizon).items():
                    freed += await self._free(plan, holder, units)
        except RedisAway:
            return False
        if freed:
            log.warning("stock_repaired", event_id=plan.event_id, units=freed)
        return freed > 0

    async def members(self, plan: Plan, pool: Pool) -> Members | None:
        """None when there is no picture. Raises RedisAway."""
        return await self._breaker.call(lambda: self._picture.members(plan, pool))

    async def _agrees(self, plan: Plan) -> bool:
        """Two numbers tell the usual case: the picture withholds no more than is claimed.

        The database first: what is taken in between then makes us look closer, and nothing hides.
        """
        claimed = await self._claims.count(plan.event_id)
        counts = await self._breaker.call(lambda: self._picture.counts(plan))
        return counts is not None and sum(count.held + count.sold for count in counts) <= claimed

    async def _free(self, plan: Plan, holder: str, units: Sequence[str]) -> int:
        return await self._breaker.call(lambda: self._picture.release(plan, [holder], units))


def _withheld(
    pool: Pool, found: Members | None, claimed: set[str], horizon: datetime
) -> dict[str, list[str]]:
    """Holder in the picture ("" for none) -> units neither free there nor claimed in MongoDB."""
    if found is None:
        return {}
    members, held, next_number = found
    free = free_units(pool, members, next_number)
    withheld: dict[str, list[str]] = {}
    for unit in pool.units():
        holder = held.get(unit, "")
        if unit not in claimed and unit not in free and not _younger(holder, horizon):
            withheld.setdefault(holder, []).append(unit)
    return withheld


def _younger(order_id: str, horizon: datetime) -> bool:
    return bool(order_id) and ULID.from_str(order_id.rpartition("_")[2]).datetime > horizon
