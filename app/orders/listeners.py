"""News that orders react to."""

from __future__ import annotations

from app.core.messages import Envelope
from app.orders.service.cancellations import Cancellations

BATCH = 200


class EventListener:
    def __init__(self, cancellations: Cancellations) -> None:
        self._cancellations = cancellations

    async def heard(self, envelope: Envelope) -> None:
        """``event.cancelled``: its orders end. What this leaves undone the sweeper does."""
        while await self._cancellations.of_event(envelope.key, BATCH):
            continue
