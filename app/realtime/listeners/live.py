"""All listeners behind one door: the feed ``realtime`` and the job runner speak to it."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.jobs import Job
from app.core.messages import Envelope
from app.realtime.emitter import Emitter
from app.realtime.listeners.lines import STREAMS as LINES
from app.realtime.listeners.lines import LinesListener
from app.realtime.listeners.sales import STREAMS as SALES
from app.realtime.listeners.sales import SalesListener
from app.realtime.listeners.totals import Totals
from app.realtime.rooms import ADMIN, STAFF_ROOM
from app.realtime.watching import Watching

STREAMS = (*SALES, *LINES)


class LiveListener:
    def __init__(
        self,
        emitter: Emitter,
        watching: Watching,
        sales: SalesListener,
        lines: LinesListener,
        totals: Totals,
    ) -> None:
        self._emitter = emitter
        self._watching = watching
        self._sales = sales
        self._lines = lines
        self._totals = totals

    async def aclose(self) -> None:
        await self._sales.aclose()
        await self._lines.aclose()
        await self._totals.aclose()

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        """The handler of the feed. Each listener prepares nothing that nobody looks at."""
        if sales := [e for e in envelopes if e.stream in SALES]:
            await self._sales.heard(sales)
        if lines := [e for e in envelopes if e.stream in LINES]:
            await self._lines.heard(lines)

    async def job(self, job: Job) -> None:
        """Told by the runner after each change of a job record."""
        if not await self._watching.watched([STAFF_ROOM]):
            return
        state = {
            "id": job.id,
            "name": job.name,
            "subject": job.subject,
            "status": job.status,
            "tries": job.tries,
            "last_error": job.last_error,
            "due": job.due,
            "created_at": job.created_at,
            "updated_at": job.updated_at,
            "version": int(job.updated_at.timestamp() * 1000),
        }
        await self._emitter.emit(ADMIN, STAFF_ROOM, "job.updated", state)
        self._totals.touch(STAFF_ROOM)
