"""Secrets we issue are derived, not stored; secrets we must keep are encrypted; codes are short-lived.

``base64url(HMAC-SHA256(key_v, kind | id | n))`` is verified by computing it again. A document keeps the
``key_version`` and ``n`` only: a higher ``n`` revokes, a new key leaves the old ones valid.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_PREFIX = "us_"  # noqa: S105 — a prefix, not a secret.


@dataclass(frozen=True, slots=True)
class Grant:
    """What a document keeps of a secret it issued."""

    key_version: int
    n: int = 1


class KeyRing:
    """``text`` is ``version:key`` separated by commas, the newest first; keys of 32 characters or more."""

    def __init__(self, text: str) -> None:
        self._keys: dict[int, bytes] = {}
        for part in text.split(","):
            version, _, key = part.strip().partition(":")
            if not version.isdigit() or len(key) < 32:
                raise ValueError(
                    "USHER_SECRET_KEYS needs version:key pairs with keys of 32 characters or more"
                )
            self._keys[int(version)] = key.encode()
        self.newest = next(iter(self._keys))

    def grant(self) -> Grant:
        return Grant(self.newest)

    def secret(self, kind: str, id: str, grant: Grant) -> str:
        digest = self._digest(kind, id, grant)
        return SECRET_PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def verify(self, presented: str, kind: str, id: str, grant: Grant) -> bool:
        if grant.key_version not in self._keys:
            return False
        expected = self.secret(kind, id, grant)
        return hmac.compare_digest(expected.encode(), presented.encode())

    def code6(self, kind: str, id: str, grant: Grant) -> str:
        """A one-time code of six digits. Tries must be counted before it is compared."""
        return f"{int.from_bytes(self._digest(kind, id, grant)[:8]) % 1_000_000:06d}"

    def signing_key(self, purpose: str, version: int | None = None) -> bytes:
        """A key for one purpose (``access-jwt``), so that no two uses share one."""
        key = self._keys[self.newest if version is None else version]
        return hmac.digest(key, f"purpose|{purpose}".encode(), "sha256")

    def pseudonym(self, purpose: str, text: str, version: int | None = None) -> str:
        """Names what must not be kept, a number or an address. Keyed, because there are few enough of them
        to try them all; by purpose, so that two places where one is named cannot be told to be the same."""
        return hmac.digest(self.signing_key(purpose, version), text.encode(), "sha256").hex()[:32]

    @property
    def versions(self) -> list[int]:
        return list(self._keys)

    def encrypt(self, text: str, bound_to: str) -> str:
        """AES-256-GCM under the newest key. ``bound_to`` must be given again to decrypt."""
        nonce = os.urandom(12)
        sealed = AESGCM(self.signing_key("encrypt")).encrypt(nonce, text.encode(), bound_to.encode())
        return f"{self.newest}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, sealed: str, bound_to: str) -> str:
        version, _, body = sealed.partition(":")
        raw = base64.b64decode(body)
        key = self.signing_key("encrypt", int(version))
        return AESGCM(key).decrypt(raw[:12], raw[12:], bound_to.encode()).decode()

    def _digest(self, kind: str, id: str, grant: Grant) -> bytes:
        return hmac.digest(self._keys[grant.key_version], f"{kind}|{id}|{grant.n}".encode(), "sha256")


def normalise_email(email: str) -> str:
    """One mailbox, one spelling: case does not matter, the rest does.

    Not ``casefold``: it makes ``ss`` of ``ß``, and ``faß.de`` is not the domain ``fass.de``.
    """
    return email.strip().lower()


def hash_email(email: str) -> str:
    """Names a customer in limits and idempotency without keeping the address there."""
    return hashlib.sha256(f"email|{normalise_email(email)}".encode()).hexdigest()[:32]
