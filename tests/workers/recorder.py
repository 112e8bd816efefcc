"""A subscriber that remembers what it was given and fails where it is told to."""

from __future__ import annotations

from app.core.messages import Envelope
from workers.consumer import Subscription


class Recorder:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.poison: set[str] = set()

    async def handle(self, envelope: Envelope) -> None:
        if envelope.id in self.poison:
            raise RuntimeError("poisoned")
        self.seen.append(envelope.id)

    def subscription(self, name: str, stream: str) -> Subscription:
        return Subscription(name, (stream,), self.handle)
