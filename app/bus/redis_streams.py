"""The bus on Redis Streams: one stream per name, one consumer group per subscriber.

The client's own time-out must be longer than the longest ``block``, else every quiet read looks like a
Redis that is away.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from redis.exceptions import RedisError, ResponseError

from app.bus.base import BusAway, Receipt, Received, decode, encode
from app.core.messages import Envelope
from app.core.redis import Client

T = TypeVar("T")
_PREFIX = "usher:stream:"
_FIELD = "m"


class RedisStreams:
    def __init__(
        self,
        redis: Client,
        *,
        kept: int = 100_000,
        stuck_seconds: float = 8.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._kept = kept
        self._stuck = stuck_seconds
        self._monotonic = monotonic
        self._looked: dict[str, float] = {}

    async def publish(self, entries: Sequence[Envelope]) -> None:
        if entries:
            await _bounded(lambda: self._publish(entries))

    async def read(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block: float
    ) -> list[Received]:
        return await _bounded(lambda: self._read(group, consumer, streams, count, block))

    async def ack(self, group: str, receipts: Sequence[Receipt]) -> None:
        if receipts:
            await _bounded(lambda: self._ack(group, receipts))

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _publish(self, entries: Sequence[Envelope]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for entry in entries:
                fields: dict[Any, Any] = {_FIELD: encode(entry)}
                pipeline.xadd(_PREFIX + entry.stream, fields, maxlen=self._kept, approximate=True)
            await pipeline.execute()

    async def _read(
        self, group: str, consumer: str, streams: Sequence[str], count: int, block: float
    ) -> list[Received]:
        keys = [_PREFIX + stream for stream in streams]
        try:
            left_over = await self._left_over(group, consumer, keys, count)
            if left_over:
                return left_over
            answer = await self._redis.xreadgroup(
                group, consumer, dict.fromkeys(keys, ">"), count=count, block=max(1, int(block * 1000))
            )
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._create(group, keys)
            return []
        return [received for key, found in answer or [] for received in _decoded(key, found)]

    async def _left_over(self, group: str, consumer: str, keys: list[str], count: int) -> list[Received]:
        """What another member took and never acknowledged. Looked for now and then only."""
        now = self._monotonic()
        if now - self._looked.get(group, now - self._stuck) < self._stuck / 2:
            return []
        idle = int(self._stuck * 1000)
        for key in keys:
            answer = await self._redis.xautoclaim(key, group, consumer, idle, count=count)
            if found := _decoded(key, answer[1]):
                return found
        self._looked[group] = now
        return []

    async def _create(self, group: str, keys: list[str]) -> None:
        """From the oldest entry on: after a flush the group must not skip what came before it."""
        for key in keys:
            try:
                await self._redis.xgroup_create(key, group, id="0", mkstream=True)
            except ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise

    async def _ack(self, group: str, receipts: Sequence[Receipt]) -> None:
        positions: dict[str, list[str]] = {}
        for receipt in receipts:
            positions.setdefault(_PREFIX + receipt.stream, []).append(receipt.position)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key, ids in positions.items():
                pipeline.xack(key, group, *ids)
            await pipeline.execute()


def _decoded(key: str, found: Any) -> list[Received]:
    """An entry trimmed away while it was pending comes without fields; there is nothing left to hand out."""
    stream = key.removeprefix(_PREFIX)
    return [(Receipt(stream, place), decode(fields[_FIELD])) for place, fields in found if fields]


async def _bounded(attempt: Callable[[], Awaitable[T]]) -> T:
    try:
        return await attempt()
    except (RedisError, OSError) as error:
        raise BusAway from error
