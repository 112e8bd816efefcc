"""How often one may try. Three windows of a minute for a sign-in:

- the address, loose: many people share one;
- the account from this address, tight, failures only: this is what stops guessing. Others cannot lock an
  account out by it, since they come from elsewhere;
- the account from everywhere: past ten times the tight limit each attempt has to wait a second, but nobody
  is refused.

Redis away means 503 here: without counting, guessing would be free.
"""

from __future__ import annotations

import asyncio

from app.accounts.service.names import Names
from app.accounts.service.shares import Shares
from app.core.ratelimit import RateLimiter, Window
from app.core.security import KeyRing, normalise_email

_SECONDS = 60
_FROM_EVERYWHERE = 10
_DELAY_SECONDS = 1.0
_TURNS = 256
_PHOTOS, _EXPORTS = 20, 10
"""A minute, of one account: each costs more than a request usually does."""
_TAKEN, _TAKEN_SECONDS = 20, 60 * 60
"""Sign-ups of one network address that met an account. People share one, but seldom forget so often."""
_HASHES_AT_ONCE, _HASHES_WAITING = 8, 100
"""Of one address, whoever it tries: four hundred sign-ups sent at once would hold up everybody's sign-in
for as long as their passwords take to hash."""
_AT_ONCE = 2
"""Of one account from one address: fifty scanners that sign in together are not fifty guesses, since each
success clears the count before the next ones are counted."""


class AccountLimits:
    def __init__(
        self, limiter: RateLimiter, ring: KeyRing, per_minute: int = 10, address_per_minute: int = 1200
    ) -> None:
        self._limiter = limiter
        self._names = Names(ring)
        self._per_minute = per_minute
        self._address_per_minute = address_per_minute
        self.hashing = Shares(_HASHES_AT_ONCE, _HASHES_WAITING)
        self._turns = [asyncio.Semaphore(_AT_ONCE) for _ in range(_TURNS)]

    def turn(self, email: str, address: str) -> asyncio.Semaphore:
        """Hold it from counting to clearing. Strangers may share one, which costs them nothing: fewer
        hashes run at once than turns are free."""
        return self._turns[hash((normalise_email(email), address)) % _TURNS]

    async def sign_in(self, email: str, address: str) -> Window:
        await self._limiter.hit(
            f"signin:from:{self._names.address(address)}", self._address_per_minute, _SECONDS
        )
        window = await self._limiter.hit(self._pair(email, address), self._per_minute, _SECONDS)
        account = await self._limiter.tally(
            f"signin:to:{self._names.mailbox(email)}", self._per_minute * _FROM_EVERYWHERE, _SECONDS
        )
        if account.exceeded:
            await asyncio.sleep(_DELAY_SECONDS)
        return window

    async def signed_in(self, email: str, address: str) -> None:
        """It was the owner: earlier failures from there do not count any more."""
        await self._limiter.forget(self._pair(email, address))

    async def sign_up(self, address: str) -> Window:
        """Whoever has heard of too many accounts hears no more, be the next address free or taken."""
        await self._limiter.check(self._taken(address), _TAKEN)
        return await self._limiter.hit(
            f"signup:from:{self._names.address(address)}", self._address_per_minute, _SECONDS
        )

    async def email_taken(self, address: str) -> None:
        """Tells that somebody has an account, so it is told seldom."""
        await self._limiter.hit(self._taken(address), _TAKEN, _TAKEN_SECONDS)

    async def google(self, address: str) -> Window:
        return await self._limiter.hit(
            f"google:from:{self._names.address(address)}", self._address_per_minute, _SECONDS
        )

    async def photo(self, user_id: str) -> Window:
        return await self._limiter.hit(f"photo:{user_id}", _PHOTOS, _SECONDS)

    async def export(self, user_id: str) -> Window:
        return await self._limiter.hit(f"export:{user_id}", _EXPORTS, _SECONDS)

    async def password(self, user_id: str) -> Window:
        return await self._limiter.hit(f"password:{user_id}", self._per_minute, _SECONDS)

    def _pair(self, email: str, address: str) -> str:
        return f"signin:pair:{self._names.mailbox(email)}:{self._names.address(address)}"

    def _taken(self, address: str) -> str:
        return f"signup:taken:{self._names.address(address)}"
