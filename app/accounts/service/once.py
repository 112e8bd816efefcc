"""Idempotency keys of account requests. Their bodies hold passwords, so what is kept of a body is keyed:
whoever reads the database cannot try passwords against it."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import orjson

from app.core.idempotency import Done, IdempotencyKeys
from app.core.security import KeyRing

T = TypeVar("T")


class Once:
    def __init__(self, keys: IdempotencyKeys, ring: KeyRing) -> None:
        self._keys = keys
        self._key = ring.signing_key("idempotency-body")

    async def run(
        self,
        *,
        caller: str,
        key: str | None,
        scope: str,
        body: Mapping[str, object],
        prefix: str,
        create: Callable[[str], Awaitable[T]],
        read: Callable[[str], Awaitable[T]],
    ) -> Done[T]:
        canonical = orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS)
        return await self._keys.run(
            caller=caller,
            key=key,
            scope=scope,
            body=hmac.digest(self._key, canonical, "sha256").hex(),
            prefix=prefix,
            create=create,
            read=read,
        )
