"""Refresh tokens: ``us_<secret>.<session>.<key version>.<n>``, derived, so none is ever stored.

The number tells an old token of a sign-in from its newest one, however old it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.accounts.errors import InvalidToken
from app.accounts.models import Session
from app.core.security import Grant, KeyRing

_KIND = "refresh"
_SHAPE = re.compile(r"(us_[A-Za-z0-9_-]{43})\.(ses_[0-9A-HJKMNP-TV-Z]{26})\.([0-9]{1,9})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that we did issue. Whether it is still good, its session knows."""

    session_id: str
    n: int


class RefreshTokens:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @property
    def key_version(self) -> int:
        return self._ring.newest

    def newest_of(self, session: Session) -> str:
        secret = self._ring.secret(_KIND, session.id, Grant(session.key_version, session.n))
        return f"{secret}.{session.id}.{session.key_version}.{session.n}"

    def read(self, token: str) -> Presented:
        found = _SHAPE.fullmatch(token)
        if found is None:
            raise InvalidToken
        secret, session_id, key_version, n = found.groups()
        if not self._ring.verify(secret, _KIND, session_id, Grant(int(key_version), int(n))):
            raise InvalidToken
        return Presented(session_id, int(n))
