"""Who writes which mail."""

from __future__ import annotations

from app.notifications.models import Mail, Parcel
from app.notifications.service.letters import Letters
from app.notifications.service.line_letters import SAYINGS, LineLetters


class Writing:
    def __init__(self, letters: Letters, lines: LineLetters) -> None:
        self._letters = letters
        self._lines = lines

    async def write(self, mail: Mail) -> Parcel | None:
        """None where nobody waits for it any more."""
        if mail.reason in SAYINGS:
            return await self._lines.write(mail)
        return await self._letters.write(mail)
