"""Mail and texts for development: each letter a file that every mail program opens, each text a text file."""

from __future__ import annotations

from pathlib import Path

from app.core.clock import Clock
from app.notifications.mime import written
from app.notifications.models import Letter, TextMessage
from app.notifications.providers.directory import Directory


class FileEmail:
    def __init__(self, directory: Path, sender: str, clock: Clock) -> None:
        self._directory = Directory(directory)
        self._sender = sender
        self._clock = clock

    async def send(self, letter: Letter) -> str | None:
        content = written(letter, self._sender, self._clock.now())
        await self._directory.put(f"{letter.id}.eml", content)
        return None


class FileTexts:
    def __init__(self, directory: Path) -> None:
        self._directory = Directory(directory)

    async def send(self, message: TextMessage) -> str | None:
        content = f"To: {message.to}\n\n{message.text}\n".encode()
        await self._directory.put(f"{message.id}.txt", content)
        return None

    async def aclose(self) -> None:
        """Holds nothing open."""
