"""Google's ID tokens: what a browser brings after signing in there.

RS256 by a key of the issuer's and nothing else; for us, from them, not expired, with an address they have
verified. Issuer and key location are settings, so tests run an issuer of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import jwt
from pydantic import TypeAdapter, ValidationError

from app.accounts.errors import EmailNotVerified, InvalidIdToken
from app.accounts.providers.jwks import KeySet
from app.core.clock import Clock
from app.core.schemas import Email

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_ALGORITHM = "RS256"
_LEEWAY_SECONDS = 60
"""Google's clock and ours may differ by as much."""
_LONGEST_LIFE_SECONDS = 24 * 60 * 60
_LONGEST = 4096
_GOOGLE_S_OWN = ("gmail.com", "googlemail.com")
"""And the domains of its customers, where the token says so (``hd``)."""


@dataclass(frozen=True, slots=True)
class GoogleIdentity:
    """``subject`` names the person at Google for good; the email may change.

    ``hosted``: Google runs the mailbox, so what it says of the address is true today. Of an address
    elsewhere it only knows that somebody read its mail once.
    """

    subject: str = field(repr=False)
    email: str = field(repr=False)
    name: str = field(repr=False)
    hosted: bool


class GoogleIdTokens:
    def __init__(
        self, keys: KeySet, clock: Clock, *, issuers: Collection[str], audiences: Collection[str]
    ) -> None:
        """``audiences``: our client ids. Without one, no token is for us."""
        self._keys = keys
        self._clock = clock
        self._issuers = frozenset(issuers)
        self._audiences = frozenset(audiences)

    async def read(self, token: str) -> GoogleIdentity:
        """Raises InvalidIdToken, EmailNotVerified, and Transient when the keys cannot be read."""
        claims = await self._claims(token)
        if not self._meant_for_us(claims) or not self._in_time(claims):
            raise InvalidIdToken
        subject = _text(claims, "sub", 255)
        if not subject:
            raise InvalidIdToken
        email = _email(claims.get("email"))
        if claims.get("email_verified") is not True:  # Not 1, and not what only looks true.
            raise EmailNotVerified
        hosted = bool(_text(claims, "hd", 255)) or email.rpartition("@")[2].lower() in _GOOGLE_S_OWN
        return GoogleIdentity(subject, email, _text(claims, "name", 1000), hosted)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        """Of a token whose signature is right."""
        if len(token) > _LONGEST or not token.isascii():
            raise InvalidIdToken
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise InvalidIdToken from error
        key_id = header.get("kid")
        if header.get("alg") != _ALGORITHM or not isinstance(key_id, str) or "crit" in header:
            raise InvalidIdToken
        key = await self._keys.find(key_id)
        if key is None:
            raise InvalidIdToken
        try:
            return jwt.decode(token, key, algorithms=[_ALGORITHM], options=_SIGNATURE_ONLY)
        except jwt.PyJWTError as error:
            raise InvalidIdToken from error

    def _meant_for_us(self, claims: Mapping[str, Any]) -> bool:
        if claims.get("iss") not in self._issuers or not isinstance(claims.get("aud"), str):
            return False
        presenter = claims.get("azp", claims["aud"])
        return claims["aud"] in self._audiences and presenter in self._audiences

    def _in_time(self, claims: Mapping[str, Any]) -> bool:
        now = self._clock.now().timestamp()
        issued, expires = claims.get("iat"), claims.get("exp")
        begins = claims.get("nbf", issued)
        if not _is_time(issued) or not _is_time(expires) or not _is_time(begins):
            return False
        if expires - issued > _LONGEST_LIFE_SECONDS:
            return False
        return max(issued, begins) - _LEEWAY_SECONDS <= now < expires + _LEEWAY_SECONDS


_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""The rest is checked here, by the database's clock."""


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12


def _email(value: Any) -> str:
    try:
        return _EMAIL.validate_python(value)
    except ValidationError as error:
        raise InvalidIdToken from error


def _text(claims: Mapping[str, Any], name: str, longest: int) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= longest else ""
