"""News that lines react to."""

from __future__ import annotations

from app.core.messages import Envelope
from app.queues.messages import SERVICES, TOKENS
from app.queues.service.codes import Codes

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
