"""Names addresses without keeping them."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from app.core.security import KeyRing, hash_email
from app.notifications.models import Channel, Way

_PURPOSE = "mail-number"


class Addresses:
    """There are few enough phone numbers to try them all, so their hash needs a key."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def name(self, channel: Channel, address: str) -> str:
        return hash_email(address) if channel == "email" else self._number(address, self._ring.newest)

    def leads_to(self, way: Way, address: str) -> bool:
        return way.to in self._names(way.channel, address)

    def _names(self, channel: Channel, address: str) -> Sequence[str]:
        """Also under older keys: a text may be owed while the keys are changed."""
        if channel == "email":
            return [hash_email(address)]
        return [self._number(address, version) for version in self._ring.versions]

    def _number(self, number: str, version: int) -> str:
        key = self._ring.signing_key(_PURPOSE, version)
        return hmac.digest(key, number.encode(), "sha256").hex()[:32]
