"""Access JWTs: HS256, fifteen minutes, verified without a look-up.

Reading is on the path of every booking. Since we are the only issuer, a token must begin with exactly the
header we write: one dictionary look-up names the key and refuses every other algorithm, ``none`` included.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import timedelta
from typing import Any, cast

import jwt
import orjson

from app.accounts.errors import InvalidToken, TokenExpired
from app.accounts.models import ROLES, Caller, Role, Scope, User
from app.core.clock import Clock
from app.core.security import KeyRing, hash_email

ISSUER = "usher"
AUDIENCE = "usher-api"
TYPE = "access"
PURPOSE = "access-jwt"
_LONGEST = 2000
_NOWHERE = Scope()
"""A token does not say what staff are limited to, so until MongoDB is asked they oversee nothing."""


class AccessTokens:
    def __init__(self, ring: KeyRing, clock: Clock, minutes: int = 15) -> None:
        self._clock = clock
        self.lifetime = timedelta(minutes=minutes)
        self._newest = str(ring.newest)
        self._keys = {str(version): ring.signing_key(PURPOSE, version) for version in ring.versions}
        self._by_header = {_header(kid, key): key for kid, key in self._keys.items()}

    def issue(self, user: User, session_id: str) -> str:
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "typ": TYPE,
            "sub": user.id,
            "sid": session_id,
            "role": user.role,
            "eh": hash_email(user.email),
            "iat": now,
            "exp": now + int(self.lifetime.total_seconds()),
        }
        return jwt.encode(claims, self._keys[self._newest], "HS256", headers={"kid": self._newest})

    def read(self, token: str) -> Caller:
        """Raises InvalidToken or TokenExpired. Whether the session still stands is asked elsewhere."""
        claims = self._claims(token)
        if (
            claims.get("iss") != ISSUER
            or claims.get("aud") != AUDIENCE
            or claims.get("typ") != TYPE
            or claims.get("role") not in ROLES
        ):
            raise InvalidToken
        if claims["exp"] <= self._clock.now().timestamp():
            raise TokenExpired
        return Caller(
            user_id=claims["sub"],
            session_id=claims["sid"],
            role=cast(Role, claims["role"]),
            email_hash=claims["eh"],
            scope=_NOWHERE if claims["role"] == "staff" else None,
        )

    def _claims(self, token: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        key = self._by_header.get(header)
        if key is None or len(token) > _LONGEST or not token.isascii():
            raise InvalidToken
        expected = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=")
        if not hmac.compare_digest(expected, signature.encode()):
            raise InvalidToken
        return _object(payload)


def _header(kid: str, key: bytes) -> str:
    return jwt.encode({}, key, "HS256", headers={"kid": kid}).partition(".")[0]


def _object(payload: str) -> dict[str, Any]:
    """Only ever called on what we signed ourselves; another purpose's claims are still refused cleanly."""
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidToken from error
    if not isinstance(claims, dict) or not {"sub", "sid", "eh", "exp"} <= claims.keys():
        raise InvalidToken
    if type(claims["exp"]) is not int:
        raise InvalidToken
    return claims
