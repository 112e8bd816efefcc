"""Names addresses without keeping them."""

from __future__ import annotations

from app.core.security import KeyRing, normalise_email
from app.notifications.models import Channel, Way

_PURPOSE = "mail-to"


class Addresses:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def name(self, channel: Channel, address: str) -> str:
        """Under the oldest key: a mail's id is made of it, and the same news must be the same mail when a
        key has been put in front meanwhile."""
        return self._name(channel, address, self._ring.versions[-1])

    def leads_to(self, way: Way, address: str) -> bool:
        """Also under the other keys: a mail may be owed while the oldest is taken away."""
        return any(self._name(way.channel, address, version) == way.to for version in self._ring.versions)

    def _name(self, channel: Channel, address: str, version: int) -> str:
        spelling = normalise_email(address) if channel == "email" else address
        return self._ring.pseudonym(_PURPOSE, f"{channel}|{spelling}", version)
