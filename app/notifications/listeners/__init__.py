"""News that somebody is told of. All a listener does is write down that the mail or text is owed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from app.core.messages import Envelope
from app.notifications.listeners.lines import STREAMS as OF_LINES
from app.notifications.listeners.lines import LineListener
from app.notifications.listeners.mail import STREAMS as OF_MAIL
from app.notifications.listeners.mail import MailListener

__all__ = ["STREAMS", "LineListener", "MailListener", "NewsListener"]

STREAMS = (*OF_MAIL, *OF_LINES)


class _Part(Protocol):
    @property
    def types(self) -> frozenset[str]: ...

    async def heard(self, envelope: Envelope) -> None: ...


class NewsListener:
    """All of them as one subscriber. No two hear the same type."""

    def __init__(self, *parts: _Part) -> None:
        self._heard: Mapping[str, Callable[[Envelope], Awaitable[None]]] = {
            name: part.heard for part in parts for name in part.types
        }

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._heard)

    async def heard(self, envelope: Envelope) -> None:
        await self._heard[envelope.type](envelope)
