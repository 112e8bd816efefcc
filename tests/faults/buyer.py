"""A client that does what clients should: it repeats a request with the same key until it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

PATIENCE = 300.0
PAUSE = 0.1
Json = dict[str, Any]


class Gone(Exception):
    """The buyer had no answer and walked away."""


@dataclass
class Buyer:
    """Asks ``first`` until that is dead, then ``then``. Without ``then`` the buyer walks away."""

    first: httpx.AsyncClient
    then: httpx.AsyncClient | None = None
    answers: list[int] = field(default_factory=list)
    email: str = field(default_factory=lambda: f"{uuid4().hex[:12]}@example.com")

    async def post(
        self, path: str, *, json: Any = None, data: Any = None, key: str = "", secret: str = ""
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        return await self._until_answered(path, headers=headers, json=json, data=data)

    async def deliver(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """As a provider, which repeats what was not acknowledged."""
        return await self._until_answered("/api/v1/webhooks/sandbox", headers=headers, content=body)

    async def book(self, event_id: str, items: list[Json], key: str = "") -> httpx.Response:
        body = {"items": items, "provider": "sandbox", "customer": {"name": "Ann", "email": self.email}}
        return await self.post(f"/api/v1/events/{event_id}/orders", json=body, key=key)

    async def _until_answered(self, path: str, **request: Any) -> httpx.Response:
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._once(path, request)
                if answer is not None:
                    self.answers.append(answer.status_code)
                    if not _come_again(answer):
                        return answer
                await asyncio.sleep(PAUSE)

    async def _once(self, path: str, request: Json) -> httpx.Response | None:
        """None where nobody answered, which leaves the outcome unknown."""
        try:
            return await self.first.post(path, **request)
        except httpx.TransportError:
            if self.then is None:
                raise Gone from None
            self.first = self.then
            return None


def _come_again(answer: httpx.Response) -> bool:
    if answer.status_code == 503:
        assert "Retry-After" in answer.headers
        return True
    return answer.status_code == 409 and answer.json()["code"] == "key_in_progress"
