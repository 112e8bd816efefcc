"""An issuer's public keys, fetched when they are needed and kept for as long as the issuer says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.core.clock import Clock
from app.core.errors import Transient

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
ASK_AGAIN = timedelta(seconds=30)
"""A key nobody knows makes us ask at most this often, so that made-up tokens cannot make us ask more."""
_MAX_BYTES = 100_000
_MIN_BITS = 2048
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])")


class KeySet:
    def __init__(self, url: str, clock: Clock, client: httpx.AsyncClient) -> None:
        self._url = url
        self._clock = clock
        self._client = client
        self._keys: dict[str, RSAPublicKey] = {}
        self._fresh_until: datetime | None = None
        self._usable_until: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def find(self, key_id: str) -> RSAPublicKey | None:
        """None for a key the issuer does not have. Raises Transient when it has never answered."""
        if key_id not in self._keys or not self._fresh:
            async with self._asking:
                if key_id not in self._keys or not self._fresh:
                    await self._refresh()
        return self._keys.get(key_id)

    @property
    def _fresh(self) -> bool:
        return self._fresh_until is not None and self._clock.now() < self._fresh_until

    async def _refresh(self) -> None:
        """An issuer that is away leaves us with the keys we know, for a day."""
        now = self._clock.now()
        if self._asked_at is None or now - self._asked_at >= ASK_AGAIN:
            self._asked_at = now
            try:
                self._keys, kept = await self._fetch()
            except (httpx.HTTPError, ValueError) as error:
                self._drop_old(now)
                if not self._keys:
                    self._asked_at = None
                    raise Transient("the issuer's keys cannot be read") from error
            else:
                self._fresh_until, self._usable_until = now + kept, now + kept + LONGEST
        self._drop_old(now)
        if not self._keys:
            raise Transient("the issuer's keys cannot be read")

    def _drop_old(self, now: datetime) -> None:
        if self._usable_until is not None and now >= self._usable_until:
            self._keys = {}

    async def _fetch(self) -> tuple[dict[str, RSAPublicKey], timedelta]:
        async with self._client.stream("GET", self._url) as response:
            if response.status_code != 200:
                raise ValueError(f"keys answered {response.status_code}")
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _MAX_BYTES:
                    raise ValueError("keys are too large")
        keys = _read(httpx.Response(200, content=body).json())
        if not keys:
            raise ValueError("no usable key")
        return keys, _kept(response.headers)


def _read(document: Any) -> dict[str, RSAPublicKey]:
    listed = document.get("keys") if isinstance(document, Mapping) else None
    found: dict[str, RSAPublicKey] = {}
    for entry in listed if isinstance(listed, list) else ():
        key = _key(entry)
        if key is not None:
            found[entry["kid"]] = key
    return found


def _key(entry: Any) -> RSAPublicKey | None:
    """Only RSA keys for signatures; others an issuer may list do not concern us."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        key = jwt.PyJWK({**entry, "alg": "RS256"}).key
    except jwt.PyJWTError:
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_BITS else None


def _kept(headers: httpx.Headers) -> timedelta:
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    wanted = timedelta(seconds=int(found[1])) if found else USUAL
    return min(max(wanted, SHORTEST), LONGEST)
