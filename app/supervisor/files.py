"""What ``usher serve`` keeps in its data directory. All of it may hold secrets, so all of it is 0600."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

RUN = "run.json"
ADMIN = "admin.json"
SECRETS = "secrets.json"


def write_private(file: Path, content: dict[str, Any]) -> None:
    """Atomically: a reader sees the old content or the new, never half."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(content, handle, indent=2)
        handle.write("\n")
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)


def read_private(file: Path) -> dict[str, Any] | None:
    if not file.exists():
        return None
    content: dict[str, Any] = json.loads(file.read_text())
    return content
