"""What a message bus must be able to do. Redis Streams by default; memory in tests; others by setting.

At least once, in the order published per stream. A *group* is one subscriber: its members share the
work, and a message not acknowledged is handed to another member after a while. A bus may forget (a
flushed Redis does); what must not be lost is owed in the ``messages`` collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson

from app.core.clock import rfc3339
from app.core.errors import Transient
from app.core.messages import Envelope


class BusAway(Transient):
    code, title = "bus_away", "The message bus does not answer"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a message was read; ``ack`` wants it back."""

    stream: str
    position: str


Received = tuple[Receipt, Envelope]


class Bus(Protocol):
    async def publish(self, entries: Sequence[Envelope]) -> None:
        """All in one go, in this order. Raises BusAway when it is unknown whether all went out."""
        ...

    async def read(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block: float
    ) -> list[Received]:
        """Up to ``count`` messages nobody of the group has, or waits ``block`` seconds for one.

        A group that does not exist begins at the oldest message kept. Raises BusAway.
        """
        ...

    async def ack(self, group: str, receipts: Sequence[Receipt]) -> None: ...

    async def aclose(self) -> None: ...


def encode(entry: Envelope) -> bytes:
    return orjson.dumps(
        {
            "id": entry.id,
            "stream": entry.stream,
            "type": entry.type,
            "key": entry.key,
            "version": entry.version,
            "at": rfc3339(entry.at),
            "data": entry.data,
        },
        # One odd value in one message must not stop the relay of all others.
        default=str,
    )


def decode(text: str | bytes) -> Envelope:
    entry = orjson.loads(text)
    return Envelope(**entry | {"at": datetime.fromisoformat(entry["at"])})
