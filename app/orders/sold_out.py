"""What this process was told a moment ago: sold out. Spares Redis the crowd that comes too late."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from app.stock.models import Want

SECONDS = 0.1


class SoldOutMemo:
    """Only for requests for any places of one type, and only without an idempotency key."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: dict[str, dict[str, tuple[float, int]]] = {}

    def remember(self, event_id: str, wants: Sequence[Want]) -> None:
        if len(wants) == 1 and wants[0].quantity:
            until = self._monotonic() + SECONDS
            self._known.setdefault(event_id, {})[wants[0].ticket_type_id] = (until, wants[0].quantity)

    def knows(self, event_id: str, wants: Sequence[Want]) -> bool:
        if len(wants) != 1 or not wants[0].quantity:
            return False
        until, quantity = self._known.get(event_id, {}).get(wants[0].ticket_type_id, (0.0, 0))
        return wants[0].quantity >= quantity and self._monotonic() < until

    def forget(self, event_id: str) -> None:
        """Places of this event came free."""
        self._known.pop(event_id, None)
