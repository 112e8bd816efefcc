"""What is running, told to programs (``run.json``) and to people (a few lines in the terminal)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.embedded.child import Child
from app.supervisor.admin import Admin
from app.supervisor.backends import Backends
from app.supervisor.files import ADMIN, RUN


@dataclass(frozen=True)
class Running:
    url: str
    apis: Sequence[Child]
    workers: Sequence[Child]
    backends: Backends
    admin: Admin

    def describe(self) -> dict[str, Any]:
        """Asked again after every restart, because the process ids are read now."""
        return {
            "api": {"url": self.url, "pids": [child.pid for child in self.apis]},
            "worker": {"pids": [child.pid for child in self.workers]},
            "mongod": self.backends.mongod.describe(),
            "redis": self.backends.redis.describe(),
            "admin": {"email": self.admin.email, "password": self.admin.password},
        }

    def announce(self, directory: Path) -> str:
        lines = [
            "Usher is ready.",
            f"  API             {self.url}",
            f"  Documentation   {self.url}/docs",
            f"  Admin           {self.admin.email}, {self._password(directory)}",
            f"  Processes       {directory / RUN}",
            "  Stop            Ctrl-C",
        ]
        return "\n".join(lines)

    def _password(self, directory: Path) -> str:
        if self.admin.created:
            return f"password {self.admin.password} (shown once, kept in {directory / ADMIN})"
        if self.admin.password is None:
            return "made earlier, with a password only its owner knows"
        return f"password in {directory / ADMIN}"
