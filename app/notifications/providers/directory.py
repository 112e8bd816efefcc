"""Files for the owner's eyes: what is in them holds links and codes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from app.notifications.errors import MailAway


@dataclass(frozen=True)
class Directory:
    path: Path

    async def put(self, name: str, content: bytes) -> None:
        """A reader sees the whole file or none. Raises MailAway."""
        try:
            await asyncio.to_thread(self._write, name, content)
        except OSError as error:
            raise MailAway from error

    def _write(self, name: str, content: bytes) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path / f".{name}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(self.path / name)
