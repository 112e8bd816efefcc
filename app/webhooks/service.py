"""The inbox: verified, stored, acknowledged; handled afterwards, once, by reading the provider again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import structlog
from prometheus_client import Counter

from app.core.clock import Clock
from app.core.errors import IllegalTransition, Invalid, NotFound, Transient
from app.core.ids import new_id
from app.core.jobs import JobQueue
from app.core.messages import Message
from app.core.mongo import is_unavailable
from app.core.pagination import PageRequest
from app.payments.providers.base import Notice, Provider
from app.webhooks.models import Delivery, DeliveryStatus
from app.webhooks.repository import DeliveryRepository

Settle = Callable[[str, str], Awaitable[Literal["settled", "unknown"]]]
"""Reads the provider's object named by (provider, ref) again and applies it. ``unknown``: not ours."""

JOB = "handle_delivery"
FIRST_SWEEP = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=10)
TRIES_BEFORE_PARKING = 7
"""Some five minutes: before ``usher check`` calls a delivery overdue, it waits for a person."""
SWEEP_BATCH = 200

DELIVERIES = Counter("usher_deliveries_total", "Inbound webhooks", ["provider", "outcome"])
log = structlog.get_logger("webhooks")


class Inbox:
    def __init__(
        self,
        deliveries: DeliveryRepository,
        providers: Mapping[str, Provider],
        settle: Settle,
        jobs: JobQueue,
        clock: Clock,
    ) -> None:
        self._deliveries = deliveries
        self._providers = providers
        self._settle = settle
        self._jobs = jobs
        self._clock = clock

    async def receive(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Durably stored when it returns. Raises NotFound, Unverified, and nothing is stored then."""
        sender = self._providers.get(provider)
        if sender is None:
            raise NotFound
        notice = await sender.verify(headers, body)
        _refuse_what_is_no_text(notice)
        delivery = self._delivery(provider, sender, notice)
        if await self._deliveries.add(delivery, body.decode(errors="replace"), self._first_sweep()):
            DELIVERIES.labels(provider, delivery.status).inc()
            await self._enqueue(delivery)
        else:
            await self._redelivered(delivery)

    async def handle(self, id: str) -> None:
        """Called by the job; does nothing when it is handled already."""
        delivery = await self._deliveries.get(id)
        if delivery.status != "received" or delivery.ref is None:
            return
        try:
            outcome = await self._settle(delivery.provider, delivery.ref)
        except Exception as error:
            await self._failed(delivery, error)
            raise
        if outcome == "settled":
            await self._deliveries.close(id, "handled")
            DELIVERIES.labels(delivery.provider, "handled").inc()
        else:
            await self._park(delivery, "not_ours")

    async def sweep(self) -> int:
        """Arms jobs for what was stored but never handled, whatever became of the first job."""
        ids = await self._deliveries.overdue(SWEEP_BATCH, FIRST_SWEEP)
        for overdue in ids:
            await self._jobs.ensure(JOB, overdue)
        return len(ids)

    async def listed(
        self, page: PageRequest, *, status: DeliveryStatus | None, provider: str | None
    ) -> list[Delivery]:
        return await self._deliveries.listed(
            status=status, provider=provider, limit=page.limit, after=page.after
        )

    async def get(self, id: str) -> Delivery:
        return await self._deliveries.get(id)

    async def retry(self, id: str, messages: Sequence[Message] = ()) -> Delivery:
        """A person's second look at a parked or stuck one."""
        delivery = await self._deliveries.retry(id, self._first_sweep(), messages)
        if delivery is None:
            current = await self._deliveries.get(id)
            raise IllegalTransition(f"the delivery is {current.status}")
        await self._enqueue(delivery)
        return delivery

    async def waiting(self) -> dict[str, int]:
        return await self._deliveries.waiting()

    async def _redelivered(self, again: Delivery) -> None:
        known = None
        if again.status == "received":
            known = await self._deliveries.again(again.provider, again.external_id, self._first_sweep())
        DELIVERIES.labels(again.provider, "again" if known else "repeated").inc()
        if known is not None:
            await self._enqueue(known)

    async def _enqueue(self, delivery: Delivery) -> None:
        if delivery.status == "received":
            await self._jobs.enqueue(JOB, delivery.id)

    async def _failed(self, delivery: Delivery, error: Exception) -> None:
        kind = type(error).__name__
        curable = isinstance(error, Transient | TimeoutError) or is_unavailable(error)
        if not curable and delivery.tries + 1 >= TRIES_BEFORE_PARKING:
            await self._park(delivery, kind)
            return
        pause = min(FIRST_SWEEP * 2 ** min(delivery.tries, 10), LONGEST_PAUSE)
        await self._deliveries.failed(delivery.id, kind, self._clock.now() + pause)

    async def _park(self, delivery: Delivery, reason: str) -> None:
        await self._deliveries.close(delivery.id, "parked", reason)
        DELIVERIES.labels(delivery.provider, "parked").inc()
        log.error("delivery_parked", delivery=delivery.id, provider=delivery.provider, reason=reason)

    def _delivery(self, provider: str, sender: Provider, notice: Notice) -> Delivery:
        status, reason = _judged(sender, notice)
        return Delivery(
            id=new_id("dlv"),
            provider=provider,
            external_id=notice.external_id,
            type=notice.type,
            ref=notice.ref,
            status=status,
            reason=reason,
            tries=0,
            last_error=None,
            received_at=self._clock.now(),
            handled_at=None,
        )

    def _first_sweep(self) -> datetime:
        return self._clock.now() + FIRST_SWEEP


def _judged(sender: Provider, notice: Notice) -> tuple[DeliveryStatus, str | None]:
    """A verified notice of another account, or of test money where it is real, is kept but not followed."""
    if notice.ref is None:
        return "ignored", None
    if notice.live != sender.live:
        return "parked", "live_mode"
    if sender.account and notice.account and notice.account != sender.account:
        return "parked", "other_account"
    return "received", None


def _refuse_what_is_no_text(notice: Notice) -> None:
    """JSON can name half a character, which no database keeps."""
    try:
        f"{notice.external_id}{notice.type}{notice.ref}".encode()
    except UnicodeEncodeError as error:
        raise Invalid("the event's id or type is not text") from error
