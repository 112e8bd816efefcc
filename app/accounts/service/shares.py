"""How much of what is scarce one network address may hold at a time, so that others are served meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.core.errors import Overloaded


@dataclass(slots=True)
class _Share:
    free: asyncio.Semaphore
    people: int = 0


class Shares:
    def __init__(self, at_once: int, waiting: int) -> None:
        """Of each address: so many are let through at once, so many more wait, the rest is refused."""
        self._at_once = at_once
        self._most = at_once + waiting
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def of(self, address: str) -> AsyncIterator[None]:
        """Raises Overloaded."""
        share = self._shares.setdefault(address, _Share(asyncio.Semaphore(self._at_once)))
        if share.people >= self._most:
            raise Overloaded
        share.people += 1
        try:
            async with share.free:
                yield
        finally:
            share.people -= 1
            if share.people == 0:
                del self._shares[address]
