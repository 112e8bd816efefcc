"""How often mail may be asked for. Everything here is counted before anybody looks whether an account
exists, so being refused tells nothing; with Redis away it answers 503.

The cap per mailbox cannot lock its owner out: whoever reaches it has had that many working links mailed
to them within the hour.
"""

from __future__ import annotations

from app.accounts.service.names import Names
from app.core.ratelimit import RateLimiter, Window
from app.core.security import KeyRing

_HOUR = 3600


class MailLimits:
    def __init__(
        self, limiter: RateLimiter, ring: KeyRing, per_hour: int = 5, address_per_hour: int = 120
    ) -> None:
        self._limiter = limiter
        self._names = Names(ring)
        self._per_hour = per_hour
        self._address_per_hour = address_per_hour

    async def to(self, email: str, address: str) -> Window:
        """One more mail to this mailbox, asked for from this network address."""
        await self._from("mail", address)
        return await self._limiter.hit(f"mail:to:{self._names.mailbox(email)}", self._per_hour, _HOUR)

    async def follow(self, address: str) -> Window:
        """A link that we did mail, followed from this network address. Forged ones are not counted: they are
        refused by computing alone, and would use up what everybody else at the address has left."""
        return await self._from("link", address)

    async def _from(self, what: str, address: str) -> Window:
        name = f"{what}:from:{self._names.address(address)}"
        return await self._limiter.hit(name, self._address_per_hour, _HOUR)
