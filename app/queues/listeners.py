"""News that lines react to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.core.each import each
from app.core.messages import Envelope
from app.queues.messages import SERVICES, TOKENS
from app.queues.service.codes import Codes
from app.queues.service.reminders import CAUSE, Reminders

STREAMS = (TOKENS, SERVICES)
MOVES_THE_FRONT = frozenset(
    {
        "token.joined",
        "token.called",
        "token.waiting",
        "token.away",
        "token.cancelled",
        "token.transferred",
        "service.updated",
    }
)
LOOKS_APART = timedelta(seconds=5)
"""Looking for reminders reads the whole line, and minutes are all they tell."""


class FrontListener:
    """Whoever comes to the front of a line gets a code. Heard as a feed: the sweeper misses nobody."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        """Looks once at each line, however many moved in it."""
        moved = {e.data["service_id"] for e in envelopes if e.type in MOVES_THE_FRONT}
        await each(sorted(moved), self._codes.grant_front, "codes")


class ReminderListener:
    """A line that moves brings those further back nearer. Heard as a feed: the sweeper misses nobody."""

    def __init__(self, reminders: Reminders, clock: Clock) -> None:
        self._reminders = reminders
        self._clock = clock
        self._looked: dict[str, datetime] = {}

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        """Looks at each line once, however much it had to say; its own news are none."""
        now = self._clock.now()
        self._looked = {line: at for line, at in self._looked.items() if now - at < LOOKS_APART}
        moved = {
            e.data["service_id"] for e in envelopes if e.data.get("cause") != CAUSE
        } - self._looked.keys()
        self._looked |= dict.fromkeys(moved, now)
        await each(sorted(moved), self._reminders.look, "reminders")
