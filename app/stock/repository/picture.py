"""The stock picture in Redis: fast, shared, and allowed to be wrong.

All keys of an event share one hash tag. Each method is one script, thus one round trip; every script
but ``release`` does nothing while ``built`` is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from uuid import uuid4

from app.core.redis import LET_GO, Client, Script
from app.stock.models import (
    Answer,
    Claim,
    Count,
    Hold,
    InProgress,
    Limited,
    Missing,
    Outdated,
    Plan,
    Pool,
    Taken,
    Want,
    by_pool,
    place_unit,
)

MARK_MS = 10_000
WINDOW_MS = 60_000
LOCK_MS = 8_000
CHUNK = 2_000

Arguments = list[str | int | float]


class Picture:
    def __init__(self, redis: Client, check_ms: int = 1000) -> None:
        self._redis = redis
        self._check_ms = check_ms
        self._take = Script(redis, _source("take"))
        self._release = Script(redis, _source("release"))
        self._settle = Script(redis, _source("settle"))
        self._built = Script(redis, _source("built"))
        self._counts = Script(redis, _source("counts"))
        self._let_go = Script(redis, LET_GO)

    async def take(self, plan: Plan, wants: Sequence[Want], hold: Hold) -> Answer:
        key = _Keys(plan.event_id)
        keys = [
            key("meta"),
            key("due"),
            key(f"mark:{hold.mark}"),
            key(f"window:{hold.window}"),
            key(f"crowd:{hold.crowd}"),
            key("check"),
            key("poked"),
        ]
        arguments: Arguments = [
            plan.version,
            hold.order_id,
            int(hold.deadline.timestamp() * 1000),
            int(hold.now.timestamp() * 1000),
            MARK_MS if hold.mark else 0,
            hold.window_limit if hold.window else 0,
            hold.crowd_limit if hold.crowd else 0,
            WINDOW_MS,
            self._check_ms,
        ]
        for want in wants:
            pool = plan.pool(want.ticket_type_id)
            keys += [key.free(pool), key.held(pool)]
            arguments += [pool.ticket_type_id, 0 if pool.seated else pool.size, want.quantity]
            arguments += [len(want.seats), *want.seats]
        return _answer(await self._take(keys, arguments))

    async def release(
        self, plan: Plan, order_ids: Iterable[str], units: Iterable[str], mark: str = ""
    ) -> int:
        """Returns how many units became free."""
        key = _Keys(plan.event_id)
        keys = [key("meta"), key("due"), key("diary"), key(f"mark:{mark}")]
        arguments: Arguments = [" ".join(order_ids), 1 if mark else 0]
        for type_id, found in by_pool(plan, units).items():
            pool = plan.pool(type_id)
            keys += [key.free(pool), key.held(pool)]
            arguments += [type_id, len(found), *found]
        return int(await self._release(keys, arguments))

    async def settle(self, plan: Plan, order_id: str, units: Iterable[str]) -> None:
        key = _Keys(plan.event_id)
        keys, arguments = [key("due")], [order_id]
        for type_id, found in by_pool(plan, units).items():
            keys.append(key.held(plan.pool(type_id)))
            arguments += [str(len(found)), *found]
        await self._settle(keys, list(arguments))

    async def counts(self, plan: Plan) -> tuple[Count, ...] | None:
        """None while there is no picture."""
        key = _Keys(plan.event_id)
        keys = [key("meta")]
        arguments: Arguments = []
        for pool in plan.pools:
            keys += [key.free(pool), key.held(pool)]
            arguments += [pool.ticket_type_id, 0 if pool.seated else pool.size]
        numbers = await self._counts(keys, arguments)
        if numbers is None:
            return None
        return tuple(
            Count(pool.ticket_type_id, free, held, pool.size - free - held)
            for pool, free, held in zip(plan.pools, numbers[::2], numbers[1::2], strict=True)
        )

    async def members(self, plan: Plan, pool: Pool) -> tuple[set[str], dict[str, str], int] | None:
        """A pool's free members (seats, or returned numbers), held unit -> order id, next number."""
        key = _Keys(plan.event_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(key("meta"), ["built", f"next:{pool.ticket_type_id}"])
            pipe.smembers(key.free(pool))
            pipe.hgetall(key.held(pool))
            (built, next_number), free, held = await pipe.execute()
        return (set(free), dict(held), int(next_number or 1)) if built else None

    async def version(self, plan: Plan) -> int | None:
        found = await self._redis.hget(_Keys(plan.event_id)("meta"), "version")  # type: ignore[misc]
        return int(found) if found is not None else None

    async def suspect(self, event_id: str) -> bool:
        """Stops the picture being used until it is rebuilt; at most twice a second."""
        key = _Keys(event_id)
        if not await self._redis.set(key("suspected"), 1, nx=True, px=500):
            return False
        await self._redis.delete(key("meta"))
        return True

    async def drop(self, event_id: str) -> None:
        await self._redis.delete(_Keys(event_id)("meta"))

    async def lock(self, event_id: str) -> tuple[str, int] | None:
        """A rebuild's token and start in ms on Redis's clock; None while another one runs."""
        key, token = _Keys(event_id), uuid4().hex
        if not await self._redis.set(key("lock"), token, nx=True, px=LOCK_MS):
            return None
        seconds, micros = await self._redis.time()
        return token, seconds * 1000 + micros // 1000

    async def unlock(self, event_id: str, token: str) -> None:
        await self._let_go([_Keys(event_id)("lock")], [token])

    async def build(self, plan: Plan, claims: Sequence[Claim], token: str, start_ms: int) -> bool:
        """Writes a picture beside the old one and swaps them. False when the lock was lost."""
        key = _Keys(plan.event_id)
        keys = [key("lock"), key("meta"), key("due"), key("diary"), key(f"new:{token}:due")]
        arguments: Arguments = [token, plan.version, start_ms]
        due = {claim.order_id: claim.due.timestamp() * 1000 for claim in claims if claim.due}
        await self._fill_sorted(keys[4], due)
        claimed = by_pool(plan, (unit for claim in claims for unit in claim.units))
        holders = {unit: claim.order_id for claim in claims if claim.held for unit in claim.units}
        for pool in plan.pools:
            new_free, new_held = (
                key(f"new:{token}:free:{pool.ticket_type_id}"),
                key(f"new:{token}:held:{pool.ticket_type_id}"),
            )
            taken = claimed.get(pool.ticket_type_id, [])
            free, next_number = _free(pool, taken)
            await self._fill_set(new_free, free)
            await self._fill_hash(new_held, {unit: holders[unit] for unit in taken if unit in holders})
            keys += [key.free(pool), key.held(pool), new_free, new_held]
            arguments += [pool.ticket_type_id, next_number]
        return bool(await self._built(keys, arguments))

    async def _fill_set(self, name: str, members: Sequence[str]) -> None:
        for at in range(0, len(members), CHUNK):
            await self._redis.sadd(name, *members[at : at + CHUNK])  # type: ignore[misc]
            await self._redis.pexpire(name, LOCK_MS)

    async def _fill_hash(self, name: str, mapping: Mapping[str, str]) -> None:
        pairs = list(mapping.items())
        for at in range(0, len(pairs), CHUNK):
            await self._redis.hset(name, mapping=dict(pairs[at : at + CHUNK]))  # type: ignore[misc]
            await self._redis.pexpire(name, LOCK_MS)

    async def _fill_sorted(self, name: str, scores: Mapping[str, float]) -> None:
        pairs = list(scores.items())
        for at in range(0, len(pairs), CHUNK):
            await self._redis.zadd(name, dict(pairs[at : at + CHUNK]))
            await self._redis.pexpire(name, LOCK_MS)


class _Keys:
    def __init__(self, event_id: str) -> None:
        self._prefix = f"stock:{{{event_id}}}:"

    def __call__(self, name: str) -> str:
        return self._prefix + name

    def free(self, pool: Pool) -> str:
        return f"{self._prefix}free:{pool.ticket_type_id}"

    def held(self, pool: Pool) -> str:
        return f"{self._prefix}held:{pool.ticket_type_id}"


def _free(pool: Pool, claimed: Sequence[str]) -> tuple[list[str], int]:
    """The free members of a pool, and for general admission the next never-used number (seats: 0)."""
    if pool.seats is not None:
        taken = set(claimed)
        return [seat for seat in pool.seats if seat not in taken], 0
    numbers = {int(unit.rpartition("/")[2]) for unit in claimed}
    next_number = max(numbers, default=0) + 1
    return [str(n) for n in range(1, next_number) if n not in numbers], next_number


def free_units(pool: Pool, members: set[str], next_number: int) -> set[str]:
    """The units a picture believes to be free."""
    if pool.seated:
        return members
    fresh = range(next_number, pool.size + 1)
    return {place_unit(pool.ticket_type_id, n) for n in [*map(int, members), *fresh]}


def _answer(raw: list[object]) -> Answer:
    kind = raw[0]
    if kind == "taken":
        return Taken(tuple(map(str, raw[1])))  # type: ignore[call-overload]
    if kind in ("rebuild", "stale"):
        return Outdated()
    if kind == "limited":
        return Limited(retry_after=max(int(str(raw[1])), 0) / 1000, limit=int(str(raw[2])))
    if kind == "in_progress":
        return InProgress()
    overdue = tuple(map(str, raw[3]))  # type: ignore[call-overload]
    name = str(raw[1])
    if kind == "seat_taken":
        return Missing(seat=name, overdue=overdue, check=bool(raw[2]))
    return Missing(ticket_type_id=name, overdue=overdue, check=bool(raw[2]))


def _source(name: str) -> str:
    return (files("app.stock.repository") / "lua" / f"{name}.lua").read_text()
