"""Hands out again what subscribers still owe after 30 s: after a flushed bus, a crash or a failure."""

from __future__ import annotations

from collections import defaultdict

from app.bus.repository import MessageLog
from app.core.messages import Envelope
from workers.consumer import Handing, Subscriptions

BATCH = 200
ROUNDS = 50


class OwedSweep:
    def __init__(self, messages: MessageLog, handing: Handing, subscriptions: Subscriptions) -> None:
        self._messages = messages
        self._handing = handing
        self._subscriptions = subscriptions

    async def __call__(self) -> None:
        for _ in range(ROUNDS):
            if await self._batch() < BATCH:
                return

    async def _batch(self) -> int:
        overdue = await self._messages.hand_out(BATCH)
        by_subscriber: dict[str, list[Envelope]] = defaultdict(list)
        for owed in overdue:
            for name in owed.by:
                by_subscriber[name].append(owed.envelope)
        for name, envelopes in by_subscriber.items():
            subscription = self._subscriptions.named(name)
            if subscription is not None:
                await self._handing.hand(subscription, sorted(envelopes, key=_order))
            else:  # A subscriber that was taken out of the table owes nothing any more.
                await self._messages.done([envelope.id for envelope in envelopes], name)
        return len(overdue)


def _order(envelope: Envelope) -> tuple[str, int, str]:
    return envelope.key, envelope.version, envelope.id
