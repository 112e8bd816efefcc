"""What staff do to background work. Each action is remembered by its idempotency key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from app.accounts.audit import deed
from app.accounts.models import Caller
from app.admin.repository import AuditLog
from app.core.clock import Clock
from app.core.idempotency import Done, IdempotencyKeys
from app.core.jobs import Job, JobQueue
from app.core.messages import Message
from app.webhooks.models import Delivery
from app.webhooks.service import Inbox

T = TypeVar("T")


class AuditRetention:
    def __init__(self, audit: AuditLog, clock: Clock, days: int) -> None:
        """``days`` 0 keeps entries for good."""
        self._audit = audit
        self._clock = clock
        self._kept = timedelta(days=days)

    async def sweep(self) -> int:
        return await self._audit.forget_before(self._clock.now() - self._kept) if self._kept else 0


class BackOffice:
    def __init__(self, queue: JobQueue, inbox: Inbox, keys: IdempotencyKeys) -> None:
        self._queue = queue
        self._inbox = inbox
        self._keys = keys

    async def retry_job(self, id: str, caller: Caller, key: str | None) -> Done[Job]:
        async def retry() -> Job:
            before = {"status": (await self._queue.get(id)).status}
            told = deed(caller, "job.retried", id, before=before, after={"status": "queued"})
            return await self._queue.retry(id, [told])

        return await self._once(caller, key, f"jobs/{id}/retry", retry, lambda: self._queue.get(id))

    async def pause(self, caller: Caller, key: str | None) -> Done[bool]:
        async def pause() -> bool:
            await self._queue.pause([await self._switched(caller, "jobs.paused", to=True)])
            return True

        return await self._once(caller, key, "jobs/pause", pause, self._queue.paused)

    async def resume(self, caller: Caller, key: str | None) -> Done[bool]:
        async def resume() -> bool:
            await self._queue.resume([await self._switched(caller, "jobs.resumed", to=False)])
            return False

        return await self._once(caller, key, "jobs/resume", resume, self._queue.paused)

    async def retry_delivery(self, id: str, caller: Caller, key: str | None) -> Done[Delivery]:
        async def retry() -> Delivery:
            before = {"status": (await self._inbox.get(id)).status}
            told = deed(caller, "delivery.retried", id, before=before, after={"status": "received"})
            return await self._inbox.retry(id, [told])

        return await self._once(caller, key, f"deliveries/{id}/retry", retry, lambda: self._inbox.get(id))

    async def _switched(self, caller: Caller, what: str, *, to: bool) -> Message:
        return deed(caller, what, "jobs", before={"paused": await self._queue.paused()}, after={"paused": to})

    async def _once(
        self,
        caller: Caller,
        key: str | None,
        action: str,
        act: Callable[[], Awaitable[T]],
        read: Callable[[], Awaitable[T]],
    ) -> Done[T]:
        async def create(_: str) -> T:
            return await act()

        async def again(_: str) -> T:
            return await read()

        return await self._keys.run(
            caller=caller.key,
            key=key,
            scope=f"POST admin/{action}",
            body="",
            prefix="job",
            create=create,
            read=again,
        )
