"""The ports through which mail and texts leave.

Handed over for good when ``send`` returns, with the provider's own id where it has one. Raises MailRefused,
MailAway, and MailUnsure where it may have been taken.
"""

from __future__ import annotations

from typing import Protocol

from app.notifications.models import Letter, TextMessage


class Email(Protocol):
    async def send(self, letter: Letter) -> str | None: ...


class Texts(Protocol):
    async def send(self, message: TextMessage) -> str | None: ...

    async def aclose(self) -> None: ...
