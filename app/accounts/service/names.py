"""What Redis calls the people it counts for."""

from __future__ import annotations

from app.core.security import KeyRing, normalise_email

_PURPOSE = "account-limits"


class Names:
    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def mailbox(self, email: str) -> str:
        return self._ring.pseudonym(_PURPOSE, f"email|{normalise_email(email)}")

    def address(self, address: str) -> str:
        return self._ring.pseudonym(_PURPOSE, f"address|{address}")
