"""Photos in a local directory, for one machine."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.core.errors import Transient

T = TypeVar("T")
_KEY = re.compile(r"[A-Za-z0-9_]+/[A-Za-z0-9_]+\.webp")


class PhotoDirectory:
    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, photo: bytes) -> None:
        await _io(lambda: self._put(self._path(key), photo))

    async def get(self, key: str) -> bytes | None:
        return await _io(lambda: _read(self._path(key)))

    async def delete(self, key: str) -> None:
        await _io(lambda: self._path(key).unlink(missing_ok=True))

    def _path(self, key: str) -> Path:
        """Keys are ours; still, none may lead out of the directory."""
        if not _KEY.fullmatch(key):
            raise ValueError("not a key of a photo")
        return self._root / key.replace("/", ".")

    def _put(self, path: Path, photo: bytes) -> None:
        """Atomic: a reader finds the whole file or none."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(photo)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(path.parent)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


async def _io(work: Callable[[], T]) -> T:
    """Beside the event loop. What only an operator can mend is a 503 until they have."""
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise Transient("the photo store is away", retry_after=10) from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
