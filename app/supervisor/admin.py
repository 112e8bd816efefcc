"""The first admin: made on the first start, with a password nobody else knows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.supervisor.files import ADMIN, read_private, write_private
from app.supervisor.programs import Programs, run_once


@dataclass(frozen=True)
class Admin:
    email: str
    password: str | None
    """None: the account was there before this data directory, so only its owner knows."""
    created: bool


async def first_admin(
    directory: Path, email: str, programs: Programs, environment: Mapping[str, str]
) -> Admin:
    """The password is written down before the account is made, so a crash in between loses neither."""
    file = directory / ADMIN
    kept = read_private(file)
    known = kept is not None and kept["email"] == email
    password = kept["password"] if kept and known else secrets.token_urlsafe(16)
    if not known:
        write_private(file, {"email": email, "password": password})
    printed = await run_once([*programs.admin, email], environment, password)
    created = printed.split()[-1:] == ["created"]
    if not created and not known:
        file.unlink()
        return Admin(email, None, created=False)
    return Admin(email, password, created)
