"""API keys as machines present them: ``uk_<id>.<key version>.<secret>``, derived, so none is ever stored.

A forged one is refused by computing alone; only what we issued ourselves costs a look-up.
"""

from __future__ import annotations

import re

from app.accounts.errors import InvalidToken
from app.accounts.models import ApiKey
from app.core.security import SECRET_PREFIX, Grant, KeyRing

API_KEY_PREFIX = "uk_"
_KIND = "api-key"
_SHAPE = re.compile(r"uk_([0-9A-HJKMNP-TV-Z]{26})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})")


class ApiKeyTokens:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @property
    def key_version(self) -> int:
        return self._ring.newest

    def of(self, key: ApiKey) -> str:
        secret = self._ring.secret(_KIND, key.id, Grant(key.key_version)).removeprefix(SECRET_PREFIX)
        return f"{API_KEY_PREFIX}{key.id.removeprefix('key_')}.{key.key_version}.{secret}"

    def read(self, token: str) -> str:
        """The id of the key. Whether it still stands, its document knows. Raises InvalidToken."""
        found = _SHAPE.fullmatch(token)
        if found is None:
            raise InvalidToken
        key_id, key_version = f"key_{found[1]}", int(found[2])
        if not self._ring.verify(SECRET_PREFIX + found[3], _KIND, key_id, Grant(key_version)):
            raise InvalidToken
        return key_id
