"""Takes messages out of the outboxes: into the log, onto the bus, then away, in this order.

A crash between two steps repeats them: the log knows ids, subscribers know ids. Everything goes in
batches, because this runs beside the bookings and must not slow them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from app.bus.base import Bus
from app.bus.repository import MessageLog, Owed
from app.core.messages import Envelope, envelope
from app.core.outbox import Outbox, Pending, entries_of
from workers.lease import Leases
from workers.loops import Stop
from workers.metrics import RELAYED

BATCH = 500
LEASE_SECONDS = 5.0
GATHER_SECONDS = 0.05
"""After a poke, so that what comes together goes together."""

RARE_SECONDS = 0.25

Owes = Callable[[Envelope], tuple[str, ...]]


class Relay:
    def __init__(
        self, outboxes: Sequence[Outbox], log: MessageLog, bus: Bus, owes: Owes, *, batch: int = BATCH
    ) -> None:
        """``owes`` names the durable subscribers of a message."""
        self._outboxes = outboxes
        self._log = log
        self._bus = bus
        self._owes = owes
        self._batch = batch
        self._all_asked = -RARE_SECONDS

    async def once(self) -> bool:
        """Moves one batch of each outbox. True when there may be more."""
        outboxes = self._asked()
        found = await asyncio.gather(*(outbox.pending(self._batch) for outbox in outboxes))
        envelopes = [envelope(entry) for pending in found for entry in entries_of(pending)]
        if not envelopes:
            return False
        await self._log.record([Owed(entry, self._owes(entry)) for entry in envelopes])
        await self._bus.publish(envelopes)
        await asyncio.gather(*map(self._pull, outboxes, found))
        RELAYED.inc(len(envelopes))
        return any(len(pending) == self._batch for pending in found)

    def _asked(self) -> Sequence[Outbox]:
        """While a sale goes on there are many rounds a second, and asking costs as much as moving."""
        now = time.monotonic()
        if now - self._all_asked < RARE_SECONDS:
            return [outbox for outbox in self._outboxes if not outbox.rare]
        self._all_asked = now
        return self._outboxes

    async def _pull(self, outbox: Outbox, pending: list[Pending]) -> None:
        await outbox.pull(pending)


class RelayLoop:
    """One worker relays at a time, as long as Redis can say who; else several do, which is harmless."""

    def __init__(
        self, relay: Relay, leases: Leases, stop: Stop, poked: asyncio.Event, *, idle_seconds: float
    ) -> None:
        self._relay = relay
        self._leases = leases
        self._stop = stop
        self._poked = poked
        self._idle = idle_seconds

    async def round(self) -> None:
        self._poked.clear()
        if await self._leases.held("relay", LEASE_SECONDS) and await self._relay.once():
            return
        await self._stop.either(self._poked, self._idle)
        if self._poked.is_set():
            await self._stop.sleep(GATHER_SECONDS)
