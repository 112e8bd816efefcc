"""Idempotency keys of requests whose resource has no room for the key itself.

Bookings keep theirs in the order, actions in the history entry they push; everything else comes here.
The record fixes the new resource's id before it is made, so that a retry after a crash makes the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import Header

from app.core.clock import Clock
from app.core.errors import KeyInProgress, KeyReused, Problem, Transient
from app.core.ids import new_id
from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, ensure_indexes

T = TypeVar("T")
REPLAYED = "Idempotency-Replayed"
LEASE = timedelta(seconds=30)
KEPT = timedelta(hours=48)

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
]


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    value: T
    replayed: bool


def body_hash(*parts: str) -> str:
    """Names a request's body (given in one canonical spelling) without keeping it."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


class IdempotencyKeys:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._keys = database["idempotency_keys"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(self._keys, [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))])

    async def run(
        self,
        *,
        caller: str,
        key: str | None,
        scope: str,
        body: str,
        prefix: str,
        create: Callable[[str], Awaitable[T]],
        read: Callable[[str], Awaitable[T]],
    ) -> Done[T]:
        """Calls ``create`` with the new resource's id once per key; a replay calls ``read`` instead.

        ``create`` must find its own earlier success when called again with the same id. ``scope`` is
        method and path, ``body`` its canonical text. Raises KeyReused, KeyInProgress, and what
        ``create`` raises. Only success is remembered.
        """
        if key is None:
            return Done(await create(new_id(prefix)), replayed=False)
        record = await self._begin(body_hash(caller, scope, key), body_hash(body), prefix)
        if record["done"]:
            return Done(await read(record["resource"]), replayed=True)
        try:
            value = await create(record["resource"])
        except Transient:
            await self._keys.update_one({"_id": record["_id"]}, {"$set": {"lease": self._clock.now()}})
            raise
        except Problem:
            await self._keys.delete_one({"_id": record["_id"]})
            raise
        await self._keys.update_one({"_id": record["_id"]}, {"$set": {"done": True}})
        return Done(value, replayed=False)

    async def _begin(self, id: str, body: str, prefix: str) -> Document:
        now = self._clock.now()
        fresh: Document = {
            "_id": id,
            "body": body,
            "resource": new_id(prefix),
            "done": False,
            "lease": now + LEASE,
            "at": now,
        }
        try:
            await self._keys.insert_one(fresh)
        except DuplicateKeyError:
            return await self._join(id, body)
        return fresh

    async def _join(self, id: str, body: str) -> Document:
        known = await self._keys.find_one({"_id": id})
        if known is None:
            raise KeyInProgress(retry_after=1)
        if known["body"] != body:
            raise KeyReused
        if known["done"]:
            return known
        now = self._clock.now()
        taken_over = await self._keys.find_one_and_update(
            {"_id": id, "done": False, "lease": {"$lte": now}}, {"$set": {"lease": now + LEASE}}
        )
        if taken_over is None:
            raise KeyInProgress(retry_after=1)
        return taken_over
