"""Tell me N minutes before: once, when the median of the forecast has come down to N.

What is owed stands in the token's document, so a reminder that nobody thought of in time is found by the
next round. Saying it is due is one conditional write; post goes out from its message.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.clock import Clock
from app.core.each import each
from app.core.errors import NotFound
from app.queues.messages import told
from app.queues.models import Service
from app.queues.repository.subscribers import Owed, Subscribers
from app.queues.repository.tokens import Tokens
from app.queues.service.directory import Directory
from app.queues.service.reading import Reading

CAUSE = "reminder_due"


@dataclass(frozen=True, slots=True)
class Due:
    """``minutes``: how long it will be."""

    id: str
    minutes: int


class Reminders:
    def __init__(
        self,
        tokens: Tokens,
        subscribers: Subscribers,
        directory: Directory,
        reading: Reading,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._subscribers = subscribers
        self._directory = directory
        self._reading = reading
        self._clock = clock

    async def sweep(self) -> int:
        """Looks at every line in which somebody waits for it; returns how many."""
        return await each(await self._subscribers.lines_with_reminders(), self.look, "reminders")

    async def look(self, service_id: str) -> int:
        """Returns how many were due."""
        owed = await self._subscribers.owed_reminders(service_id)
        if not owed:
            return 0
        try:
            service = await self._directory.get(service_id)
        except NotFound:
            return 0
        if service.state == "paused":  # Nobody knows how long it will be.
            return 0
        return await each(await self._due(service, owed), self._remind, "reminder")

    async def _due(self, service: Service, owed: Sequence[Owed]) -> list[Due]:
        numbers = await self._reading.numbers(service)
        waits = await self._reading.waits(service, [numbers.ahead(one.order) for one in owed])
        return [
            Due(one.id, max(1, math.ceil(wait.median_minutes)))
            for one, wait in zip(owed, waits, strict=True)
            if wait.median_minutes <= one.minutes
        ]

    async def _remind(self, due: Due) -> bool:
        """False when it moved meanwhile: if it is still owed, it is looked at again."""
        token = await self._tokens.find(due.id)
        if token is None or token.status != "waiting" or token.notify.reminded_at is not None:
            return False
        message = told(token, token.status, token.status, CAUSE)
        moved = await self._tokens.move(
            token,
            token.status,
            cause=CAUSE,
            by="system",
            fields={"notify.reminded_at": self._clock.now()},
            expect={"notify.reminded_at": None},
            messages=[replace(message, data=message.data | {"minutes": due.minutes})],
        )
        return moved is not None
