"""Both ways out, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from app.notifications.errors import MailRefused
from app.notifications.models import Parcel, TextMessage
from app.notifications.providers.base import Email, Texts


@dataclass(frozen=True)
class Ways:
    """``texts``: None where texts are switched off."""

    email: Email
    texts: Texts | None = None

    async def send(self, parcel: Parcel) -> str | None:
        """As the ports say."""
        if not isinstance(parcel, TextMessage):
            return await self.email.send(parcel)
        if self.texts is None:
            raise MailRefused("texts are switched off")
        return await self.texts.send(parcel)

    async def aclose(self) -> None:
        if self.texts is not None:
            await self.texts.aclose()
