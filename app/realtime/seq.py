"""``{epoch}.{n}`` per room: n counts emits, the epoch is new whenever Redis forgot.

A client that misses a number, or sees another epoch, watches again and gets a snapshot. Numbers may
arrive swapped when two workers emit at once, so a gap is judged only after the jitter.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from app.core.redis import Client, RedisError

KEPT_SECONDS = 24 * 3600


class Sequences:
    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def next(self, room: str) -> str:
        """Raises what Redis raises: without it nothing can be emitted either."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hsetnx(_key(room), "epoch", uuid4().hex[:12])
            pipeline.hincrby(_key(room), "n", 1)
            pipeline.hget(_key(room), "epoch")
            pipeline.expire(_key(room), KEPT_SECONDS)
            _, n, epoch, _ = await pipeline.execute()
        return f"{epoch}.{n}"

    async def read(self, rooms: Iterable[str]) -> dict[str, str | None]:
        """None for all while Redis is away: not a number, so the first real one makes clients watch again."""
        wanted = list(rooms)
        try:
            return await self._read(wanted)
        except (RedisError, OSError):
            return dict.fromkeys(wanted)

    async def _read(self, rooms: list[str]) -> dict[str, str | None]:
        if not rooms:
            return {}
        async with self._redis.pipeline(transaction=False) as pipeline:
            for room in rooms:
                pipeline.hsetnx(_key(room), "epoch", uuid4().hex[:12])
                pipeline.expire(_key(room), KEPT_SECONDS)
                pipeline.hmget(_key(room), ["epoch", "n"])
            answers = await pipeline.execute()
        return {room: f"{epoch}.{n or 0}" for room, (epoch, n) in zip(rooms, answers[2::3], strict=True)}


def _key(room: str) -> str:
    return f"usher:live:{{{room}}}:seq"
