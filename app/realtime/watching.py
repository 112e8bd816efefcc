"""Which rooms somebody watches, so that workers prepare nothing for empty ones.

API processes mark the rooms of their sockets, workers look. A mark outlives two heartbeats; after a
flush the new epoch makes clients watch again, which marks the room again.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from app.core.redis import Client, RedisError

MARK_SECONDS = 45

log = structlog.get_logger("realtime")


class Watching:
    def __init__(self, redis: Client) -> None:
        self._redis = redis

    async def mark(self, rooms: Collection[str]) -> None:
        if not rooms:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for room in rooms:
                    pipeline.set(_key(room), 1, ex=MARK_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning("rooms_not_marked", rooms=len(rooms), error=type(error).__name__)

    async def watched(self, rooms: Collection[str]) -> set[str]:
        wanted = list(rooms)
        if not wanted:
            return set()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for room in wanted:
                pipeline.exists(_key(room))
            answers = await pipeline.execute()
        return {room for room, marked in zip(wanted, answers, strict=True) if marked}


def _key(room: str) -> str:
    return f"usher:live:{{{room}}}:watched"
