"""Figures at a glance, counted over whole collections and therefore told seldom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.core.redis import Client
from app.realtime.emitter import Emitter
from app.realtime.rooms import ADMIN, STAFF_ROOM
from app.realtime.state import State
from app.realtime.throttle import Throttle

ReadTotals = Callable[[Sequence[str] | None], Awaitable[State]]
"""Of some events, or of all."""

SECONDS_PER_STATS = 1.0


class Totals:
    def __init__(self, redis: Client, emitter: Emitter, stats: ReadTotals) -> None:
        self._emitter = emitter
        self._stats = stats
        self._throttle = Throttle(redis, self._tell, name="stats", seconds=SECONDS_PER_STATS)

    async def aclose(self) -> None:
        await self._throttle.aclose()

    def touch(self, room: str) -> None:
        """Something changed that staff in ``room`` count."""
        self._throttle.touch(room)

    async def _tell(self, room: str) -> None:
        event_id = room.removeprefix(STAFF_ROOM).removeprefix(":")
        stats = await self._stats([event_id] if event_id else None)
        about = {"event_id": event_id} if event_id else {}
        await self._emitter.emit(ADMIN, room, "stats.updated", stats | about)
