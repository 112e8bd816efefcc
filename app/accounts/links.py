"""Secrets that travel by mail: ``us_<secret>.<account>.<key version>.<n>``, derived, so none is stored.

They prove that somebody reads the mail of the account's address. The number tells an old link from the
newest one without a table of links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.accounts.errors import LinkNotValid
from app.accounts.models import Link
from app.core.security import Grant, KeyRing

Purpose = Literal["verification", "reset"]
_SHAPE = re.compile(r"(us_[A-Za-z0-9_-]{43})\.(usr_[0-9A-HJKMNP-TV-Z]{26})\.([0-9]{1,9})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Followed:
    """A link that we did mail. Whether it still stands, its account knows."""

    user_id: str
    n: int


class LinkSecrets:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def next(
        self, known: Link | None, at: datetime, lifetime: timedelta, asked_by: str | None = None
    ) -> Link:
        """The one after ``known``, which it revokes."""
        return Link((known.n if known else 0) + 1, self._ring.newest, at + lifetime, asked_by)

    def write(self, purpose: Purpose, user_id: str, link: Link) -> str:
        secret = self._ring.secret(purpose, user_id, Grant(link.key_version, link.n))
        return f"{secret}.{user_id}.{link.key_version}.{link.n}"

    def read(self, purpose: Purpose, text: str) -> Followed:
        """Costs no look-up, so guessing reaches no database. Raises LinkNotValid."""
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise LinkNotValid
        secret, user_id, key_version, n = found.groups()
        if not self._ring.verify(secret, purpose, user_id, Grant(int(key_version), int(n))):
            raise LinkNotValid
        return Followed(user_id, int(n))
