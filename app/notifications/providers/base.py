"""The port through which mail leaves."""

from __future__ import annotations

from typing import Protocol

from app.notifications.models import Letter


class Email(Protocol):
    async def send(self, letter: Letter) -> None:
        """Handed over for good when it returns. Raises MailRefused, MailAway, and MailUnsure where the
        letter may have been taken."""
        ...
