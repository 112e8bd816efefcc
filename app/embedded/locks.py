"""A data directory belongs to one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from app.embedded.child import StartError

_PATIENCE_SECONDS = 5.0
"""A server whose parent was killed needs a moment to go; after that somebody really is using it."""


def wait_until_unlocked(file: Path, patience: float = _PATIENCE_SECONDS) -> None:
    """Returns when no server holds its lock ``file``. A file left behind by a crash is not a lock."""
    until = time.monotonic() + patience
    while _is_locked(file):
        if time.monotonic() > until:
            raise StartError(f"another process ({_owner(file)}) uses {file.parent}; stop it first")
        time.sleep(0.1)


class DirectoryLock:
    """Held as long as this process lives; the system lets go of it, whatever ends us."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "lock"

    def acquire(self) -> None:
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise StartError(
                f"usher already runs with the data directory {self._file.parent} ({_owner(self._file)}); "
                "stop it, or choose another one with --data-dir"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        os.close(self._descriptor)


def _is_locked(file: Path) -> bool:
    if not file.exists():
        return False
    with file.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


def _owner(file: Path) -> str:
    return f"process {file.read_text().strip() or 'unknown'}"
