"""Hands messages to subscribers: the durable ones, whose work is owed until done, and the feeds.

Failures of durable subscribers do not hold up the stream: the message stays owed and ``workers/owed.py``
hands it out again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from app.bus.base import Bus
from app.bus.repository import MessageLog
from app.core.messages import Envelope
from workers.lease import Leases
from workers.loops import Stop
from workers.metrics import HANDLED, PARKED

BATCH = 100
BLOCK_SECONDS = 1.0
LEASE_SECONDS = 5.0
AT_ONCE = 16
FAILURES_BEFORE_PARKING = 10

log = structlog.get_logger("consumer")


@dataclass(frozen=True, slots=True)
class Subscription:
    """Durable: ``handle`` is called until it returns, at least once, and must bear repetition."""

    name: str
    streams: tuple[str, ...]
    handle: Callable[[Envelope], Awaitable[None]]
    types: frozenset[str] | None = None
    """None: all types of these streams."""

    def wants(self, envelope: Envelope) -> bool:
        return envelope.stream in self.streams and (self.types is None or envelope.type in self.types)


@dataclass(frozen=True, slots=True)
class Feed:
    """Not durable: what is lost is lost. ``handle`` gets batches, oldest first."""

    name: str
    streams: tuple[str, ...]
    handle: Callable[[Sequence[Envelope]], Awaitable[None]]


@dataclass(frozen=True)
class Subscriptions:
    """The table (``workers/subscriptions.py``) as a whole."""

    durable: tuple[Subscription, ...] = ()
    feeds: tuple[Feed, ...] = ()

    def owes(self, envelope: Envelope) -> tuple[str, ...]:
        return tuple(subscription.name for subscription in self.durable if subscription.wants(envelope))

    def named(self, name: str) -> Subscription | None:
        return next((known for known in self.durable if known.name == name), None)


class Handing:
    """One attempt to have one subscriber work on messages; shared by the bus and by the sweeper."""

    def __init__(self, messages: MessageLog) -> None:
        self._messages = messages

    async def hand(self, subscription: Subscription, envelopes: Sequence[Envelope]) -> None:
        """Aggregates side by side, the messages of one aggregate in order."""
        owed = await self._messages.still_owed([envelope.id for envelope in envelopes], subscription.name)
        by_key: dict[str, list[Envelope]] = defaultdict(list)
        for envelope in _once_each(envelopes):
            if envelope.id in owed:
                by_key[envelope.key].append(envelope)
        gate = asyncio.Semaphore(AT_ONCE)
        done: list[str] = []
        try:
            async with asyncio.TaskGroup() as group:
                for run in by_key.values():
                    group.create_task(self._in_order(subscription, run, gate, done))
        finally:
            await self._messages.done(done, subscription.name)

    async def _in_order(
        self, subscription: Subscription, run: list[Envelope], gate: asyncio.Semaphore, done: list[str]
    ) -> None:
        async with gate:
            for envelope in run:
                if not await self._try(subscription, envelope):
                    return  # What follows on this aggregate waits with it and is handed out again.
                done.append(envelope.id)

    async def _try(self, subscription: Subscription, envelope: Envelope) -> bool:
        try:
            await subscription.handle(envelope)
        except Exception as error:
            HANDLED.labels(subscription.name, "failed").inc()
            await self._failed(subscription.name, envelope, error)
            return False
        HANDLED.labels(subscription.name, "done").inc()
        return True

    async def _failed(self, subscriber: str, envelope: Envelope, error: Exception) -> None:
        kind = type(error).__name__
        failures = await self._messages.failed(envelope.id, subscriber, kind)
        about = {"subscriber": subscriber, "message": envelope.id, "type": envelope.type, "error": kind}
        if failures < FAILURES_BEFORE_PARKING:
            log.warning("message_failed", failures=failures, exc_info=error, **about)
        elif await self._messages.park(envelope.id, subscriber):
            PARKED.labels(subscriber).inc()
            log.error("message_parked", failures=failures, exc_info=error, **about)


class DurableConsumer:
    """Reads for one durable subscriber. One worker at a time, so that aggregates keep their order."""

    def __init__(
        self, subscription: Subscription, bus: Bus, handing: Handing, leases: Leases, stop: Stop, worker: str
    ) -> None:
        self._subscription = subscription
        self._bus = bus
        self._handing = handing
        self._leases = leases
        self._stop = stop
        self._worker = worker

    async def round(self) -> None:
        name, streams = self._subscription.name, self._subscription.streams
        lease = f"consume:{name}"
        if not await self._leases.held(lease, LEASE_SECONDS):
            await self._stop.sleep(BLOCK_SECONDS)
            return
        found = await self._bus.read(name, self._worker, streams, count=BATCH, block=BLOCK_SECONDS)
        wanted = [envelope for _, envelope in found if self._subscription.wants(envelope)]
        if wanted:
            async with self._leases.kept(lease, LEASE_SECONDS):
                await self._handing.hand(self._subscription, wanted)
        await self._bus.ack(name, [receipt for receipt, _ in found])


class FeedConsumer:
    """Reads for one feed. Acknowledged before it is handled: a batch that fails is not worth repeating."""

    def __init__(self, feed: Feed, bus: Bus, worker: str) -> None:
        self._feed = feed
        self._bus = bus
        self._worker = worker

    async def round(self) -> None:
        name, streams = self._feed.name, self._feed.streams
        found = await self._bus.read(name, self._worker, streams, count=BATCH, block=BLOCK_SECONDS)
        if found:
            await self._bus.ack(name, [receipt for receipt, _ in found])
            await self._feed.handle([envelope for _, envelope in found])


def _once_each(envelopes: Iterable[Envelope]) -> list[Envelope]:
    return list({envelope.id: envelope for envelope in envelopes}.values())
