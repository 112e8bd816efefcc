"""News that lines react to."""

from __future__ import annotations

from collections.abc import Sequence

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


class FrontListener:
    """Whoever comes to the front of a line gets a code. What this leaves undone the sweeper does."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    async def heard(self, envelope: Envelope) -> None:
        await self._codes.grant_front(envelope.data["service_id"])


class ReminderListener:
    """A line that moves brings those further back nearer. Heard as a feed: the sweeper misses nobody."""

    def __init__(self, reminders: Reminders) -> None:
        self._reminders = reminders

    async def heard(self, envelopes: Sequence[Envelope]) -> None:
        """Looks once at each line, however much it had to say; its own news are none."""
        moved = {e.data["service_id"] for e in envelopes if e.data.get("cause") != CAUSE}
        await each(sorted(moved), self._reminders.look, "reminders")
