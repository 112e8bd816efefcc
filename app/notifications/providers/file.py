"""Mail for development: each letter a file that every mail program opens."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from app.core.clock import Clock
from app.notifications.errors import MailAway
from app.notifications.mime import written
from app.notifications.models import Letter


class FileEmail:
    def __init__(self, directory: Path, sender: str, clock: Clock) -> None:
        self._directory = directory
        self._sender = sender
        self._clock = clock

    async def send(self, letter: Letter) -> None:
        content = written(letter, self._sender, self._clock.now())
        try:
            await asyncio.to_thread(self._write, letter.id, content)
        except OSError as error:
            raise MailAway from error

    def _write(self, name: str, content: bytes) -> None:
        """For the owner's eyes: it holds a link. A reader sees the whole letter or none."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._directory / f".{name}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(self._directory / f"{name}.eml")
