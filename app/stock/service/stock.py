"""Stock: which units an order may try to claim.

Redis proposes (``repository/picture.py``), this process's memory proposes while Redis is away
(``memory.py``), MongoDB disposes: an insert or update with ``claims`` under the unique index.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from functools import partial

import structlog

from app.core.clock import Clock
from app.core.redis import Breaker, RedisAway
from app.stock.errors import CapacityInUse
from app.stock.memory import MemoryPicture
from app.stock.models import (
    Answer,
    Claim,
    Count,
    Counts,
    Hold,
    Outdated,
    Plan,
    Pool,
    SeatStatus,
    Want,
)
from app.stock.repository.claims import Claims
from app.stock.repository.picture import Picture
from app.stock.service.repairing import Members, Repairs

log = structlog.get_logger("stock")

MEMORY_SECONDS = 1.0
MEMORY_SHARE = 10
"""A picture that took long to load is kept this many times as long, so that loading it stays a small part."""
BUILD_WAIT_SECONDS = 1.5


class Stock:
    def __init__(
        self,
        picture: Picture,
        rebuilding: Picture,
        claims: Claims,
        breaker: Breaker,
        clock: Clock,
        *,
        memory_seconds: float = MEMORY_SECONDS,
    ) -> None:
        """``rebuilding`` speaks to the same Redis with more patience, for work no buyer waits on."""
        self._picture = picture
        self._rebuilding = rebuilding
        self._claims = claims
        self._breaker = breaker
        self._clock = clock
        self._memory_seconds = memory_seconds
        self._repairs = Repairs(rebuilding, claims, breaker, clock)
        self._memory: dict[str, MemoryPicture] = {}
        self._loading: dict[str, asyncio.Lock] = {}
        self._dirty: dict[str, Plan] = {}

    @property
    def from_memory(self) -> bool:
        """Redis is away: nothing checks the event's version in passing."""
        return self._breaker.open

    async def take(self, plan: Plan, wants: Sequence[Want], hold: Hold) -> Answer:
        """Units for ``wants``, all or none, or why not. Nothing is ours until MongoDB has the claims."""
        if plan.event_id in self._dirty and not self._breaker.open:
            await self._heal(plan)
        try:
            return await self._breaker.call(lambda: self._picture.take(plan, wants, hold))
        except RedisAway:
            return await self.take_from_memory(plan, wants, hold)

    async def take_from_memory(self, plan: Plan, wants: Sequence[Want], hold: Hold) -> Answer:
        memory = await self._remember(plan)
        if memory.plan.version != plan.version:
            return Outdated()
        self._dirty[plan.event_id] = plan
        return memory.take(wants, hold.now)

    async def release(
        self, plan: Plan, order_ids: Sequence[str], units: Iterable[str], mark: str = ""
    ) -> None:
        """After the writes that dropped the claims. Safe to repeat, safe to lose: stock is repaired."""
        units = list(units)
        if memory := self._memory.get(plan.event_id):
            memory.put_back(units)
        try:
            await self._breaker.call(lambda: self._picture.release(plan, order_ids, units, mark))
        except RedisAway:
            self._dirty[plan.event_id] = plan

    async def settle(self, plan: Plan, order_id: str, units: Iterable[str]) -> None:
        """Held units became sold."""
        units = list(units)
        try:
            await self._breaker.call(lambda: self._picture.settle(plan, order_id, units))
        except RedisAway:
            self._dirty[plan.event_id] = plan

    def struck(self, plan: Plan, units: Iterable[str]) -> None:
        """The insert found these claimed by another process: the memory picture learns it."""
        if memory := self._memory.get(plan.event_id):
            memory.strike(units)

    async def suspect(self, plan: Plan) -> None:
        """The picture proposed claimed units twice in one booking: rebuild it."""
        try:
            if await self._breaker.call(lambda: self._picture.suspect(plan.event_id)):
                log.warning("picture_suspect", event_id=plan.event_id)
                await self.renew(plan)
        except RedisAway:
            return

    async def renew(self, plan: Plan) -> bool:
        """Sees to it that Redis has a picture of this version, built by one process at a time.

        False when it has none yet: Redis is away, or whoever builds it takes long or was killed.
        """
        until = time.monotonic() + BUILD_WAIT_SECONDS
        try:
            while time.monotonic() < until:
                if await self._current(plan):
                    return True
                locked = await self._breaker.call(lambda: self._rebuilding.lock(plan.event_id))
                if locked is None:
                    await asyncio.sleep(0.02)
                    continue
                if await self._current(plan):  # Built between the two questions.
                    await self._breaker.call(partial(self._rebuilding.unlock, plan.event_id, locked[0]))
                    return True
                claims = await self._claims.load(plan.event_id)
                if await self._build(plan, claims, locked):
                    log.info("picture_built", event_id=plan.event_id, version=plan.version)
                    return True
        except RedisAway:
            return False
        return False

    async def _current(self, plan: Plan) -> bool:
        version = await self._breaker.call(lambda: self._rebuilding.version(plan))
        return version is not None and version >= plan.version

    async def _build(self, plan: Plan, claims: Sequence[Claim], locked: tuple[str, int]) -> bool:
        return await self._breaker.call(lambda: self._rebuilding.build(plan, claims, *locked))

    async def drop(self, event_id: str) -> None:
        self._memory.pop(event_id, None)
        try:
            await self._breaker.call(lambda: self._picture.drop(event_id))
        except RedisAway:
            return

    async def catch_up(self, plan: Plan) -> None:
        """Renews a picture of an older version: who changed the event was killed before doing so."""
        try:
            version = await self._breaker.call(lambda: self._rebuilding.version(plan))
        except RedisAway:
            return
        if version is not None and version < plan.version:
            await self.renew(plan)

    async def repair(self, plan: Plan) -> bool:
        """Frees what the picture withholds though nobody claims it. True when it freed something."""
        return await self._repairs.repair(plan)

    async def counts(self, plan: Plan) -> Counts:
        return Counts(plan.event_id, self._clock.now(), await self._count(plan))

    async def seat_states(self, plan: Plan) -> dict[str, SeatStatus]:
        """Seat unit -> status, for every seat of the plan."""
        free: set[str] = set()
        held: set[str] = set()
        try:
            for pool in plan.pools:
                if not pool.seated:
                    continue
                found = await self._members(plan, pool)
                free |= found[0]
                held |= found[1].keys()
        except RedisAway:
            memory = await self._remember(plan)
            free, held = memory.free_seats(), memory.held_seats()
        return {
            seat: "available" if seat in free else "held" if seat in held else "sold"
            for seat in plan.seat_types
        }

    async def block(self, plan: Plan, want: Want, block_id: str, reason: str) -> None:
        """Takes places off the sale. The same id again finds its own success. Raises CapacityInUse."""
        for _ in range(5):
            if block_id in await self._claims.blocked(plan.event_id):
                return
            units = want.seats or await self._free_places(plan, want)
            if await self._claims.block(plan.event_id, block_id, units, reason, self._clock.now()):
                return
            if want.seats:
                break
        raise CapacityInUse(ticket_type_id=want.ticket_type_id)

    async def blocked(self, event_id: str) -> dict[str, int]:
        """General admission: ticket type id -> places blocked. Blocked seats: seat unit -> 1."""
        found: dict[str, int] = {}
        for units in (await self._claims.blocked(event_id)).values():
            for unit in units:
                name = unit.split("/")[1] if unit.startswith("g/") else unit
                found[name] = found.get(name, 0) + 1
        return found

    async def _free_places(self, plan: Plan, want: Want) -> tuple[str, ...]:
        claimed = {unit for claim in await self._claims.load(plan.event_id) for unit in claim.units}
        free = [unit for unit in plan.pool(want.ticket_type_id).units() if unit not in claimed]
        if len(free) < want.quantity:
            raise CapacityInUse(ticket_type_id=want.ticket_type_id, free=len(free))
        return tuple(free[-want.quantity :])

    async def _count(self, plan: Plan) -> tuple[Count, ...]:
        try:
            for _ in range(2):
                found = await self._breaker.call(lambda: self._picture.counts(plan))
                if found is not None:
                    return found
                await self.renew(plan)
        except RedisAway:
            log.info("counts_from_memory", event_id=plan.event_id)
        return (await self._remember(plan)).counts()

    async def _members(self, plan: Plan, pool: Pool) -> Members:
        for _ in range(2):
            found = await self._repairs.members(plan, pool)
            if found is not None:
                return found
            await self.renew(plan)
        raise RedisAway

    async def _heal(self, plan: Plan) -> None:
        """Sales went past Redis: its picture, if it kept one, is behind."""
        self._dirty.pop(plan.event_id, None)
        try:
            await self._breaker.call(lambda: self._picture.drop(plan.event_id))
            await self.renew(plan)
        except RedisAway:
            self._dirty[plan.event_id] = plan

    async def heal(self) -> None:
        """Called by the sweeper: events this process sold or released past Redis."""
        for plan in list(self._dirty.values()):
            if not self._breaker.open:
                await self._heal(plan)

    async def _remember(self, plan: Plan) -> MemoryPicture:
        """This process's own picture, read from MongoDB at most once a second."""
        known = self._memory.get(plan.event_id)
        if known and known.plan.version == plan.version and _fresh(known):
            return known
        async with self._loading.setdefault(plan.event_id, asyncio.Lock()):
            known = self._memory.get(plan.event_id)
            if known and known.plan.version >= plan.version and _fresh(known):
                return known
            begun = time.monotonic()
            claims = await self._claims.load(plan.event_id)
            # In a thread, because a large event would stop the event loop for longer than a time-out.
            picture = await asyncio.to_thread(MemoryPicture, plan, claims)
            took = time.monotonic() - begun
            picture.kept_until = begun + max(self._memory_seconds, MEMORY_SHARE * took)
            self._memory[plan.event_id] = picture
            return picture


def _fresh(memory: MemoryPicture) -> bool:
    return time.monotonic() < memory.kept_until
