"""Reading events: from the database, or from this process's memory where a sale needs it fast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import inf

from app.catalogue.models import Event, EventStatus
from app.catalogue.repository import Events, Search
from app.core.errors import NotFound
from app.core.ids import is_id
from app.core.memo import Memo
from app.core.pagination import PageRequest

CHECK_SECONDS = 1.0
CACHE_WEIGHT = 500_000
EVENT_WEIGHT = 50
"""A cached event weighs this and one for each seat: 10,000 events, or 500,000 seats, some 100 MB."""


class Catalogue:
    def __init__(self, events: Events) -> None:
        self._events = events
        self._cache: Memo[Event] = Memo(
            self._public,
            seconds=inf,
            max_weight=CACHE_WEIGHT,
            weigh=lambda event: EVENT_WEIGHT + event.seats,
        )
        self._versions: Memo[int] = Memo(self._version, seconds=CHECK_SECONDS, max_weight=10_000)

    async def cached(self, event_id: str) -> Event:
        """Published or cancelled, else NotFound. As this process last saw it: may be out of date."""
        return self._cache.peek(event_id) or await self._cache.get(event_id)

    async def fresh(self, event_id: str) -> Event:
        """Published or cancelled, else NotFound. From the database, and remembered."""
        self._cache.forget(event_id)
        return await self._cache.get(event_id)

    async def recent(self, event_id: str) -> Event:
        """Cached, but at most a second behind what other processes wrote."""
        event = await self.cached(event_id)
        if await self._versions.get(event_id) != event.version:
            return await self.fresh(event_id)
        return event

    def forget(self, event_id: str) -> None:
        self._cache.forget(event_id)
        self._versions.forget(event_id)

    async def show(self, event_id: str, *, staff: bool) -> Event:
        """From the database. Drafts are for staff; for others they are absent."""
        if staff:
            return await self.stored(event_id)
        return await self._public(event_id)

    async def stored(self, event_id: str) -> Event:
        event = await self._events.get(event_id) if is_id(event_id, "evt") else None
        if event is None:
            raise NotFound
        return event

    async def list(
        self,
        page: PageRequest,
        *,
        staff: bool,
        only: Sequence[str] | None = None,
        status: EventStatus | None = None,
        starts_from: datetime | None = None,
        starts_to: datetime | None = None,
    ) -> Sequence[Event]:
        """Without seat plans. Those who are not staff find published events only.

        ``only`` limits staff: of other events than these they find what everybody finds.
        """
        visible: tuple[EventStatus, ...] = ("draft", "published", "cancelled") if staff else ("published",)
        statuses = tuple(one for one in visible if status in (None, one))
        search = Search(statuses, starts_from, starts_to, only)
        return await self._events.list(search, page.after, page.limit)

    async def over_before(self, at: datetime, limit: int) -> Sequence[str]:
        """Events over by then whose guests are still known."""
        return await self._events.over_before(at, limit)

    async def guests_forgotten(self, event_id: str, at: datetime) -> None:
        await self._events.guests_forgotten(event_id, at)

    async def cancelled_since(self, at: datetime) -> Sequence[str]:
        return await self._events.cancelled_since(at)

    async def _public(self, event_id: str) -> Event:
        event = await self.stored(event_id)
        if event.status == "draft":
            raise NotFound
        return event

    async def _version(self, event_id: str) -> int:
        return await self._events.version(event_id) or 0
