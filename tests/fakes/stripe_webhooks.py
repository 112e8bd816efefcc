"""Stripe's webhooks: every event is kept, and sent signed to the endpoint if there is one."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from dataclasses import dataclass
from typing import Any

import httpx
from stripe import WebhookSignature


@dataclass
class Endpoint:
    """Where events go, and what is done wrong on the way. Without a URL they are only kept."""

    url: str = ""
    secret: str = "whsec_test"
    duplicate: int = 0
    shuffle: bool = False
    lose: float = 0.0
    delay_seconds: float = 0.0
    account: str = ""


class Webhooks:
    def __init__(self) -> None:
        self.endpoint = Endpoint()
        self.events: list[dict[str, Any]] = []
        self._waiting: set[asyncio.Task[None]] = set()

    def tell(self, event_type: str, subject: dict[str, Any]) -> None:
        event: dict[str, Any] = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "type": event_type,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": subject},
        }
        if self.endpoint.account:
            event["account"] = self.endpoint.account
        self.events.append(event)
        if random.random() >= self.endpoint.lose:
            self.send(event)

    def send(self, event: dict[str, Any]) -> None:
        if not self.endpoint.url:
            return
        for _ in range(1 + self.endpoint.duplicate):
            task = asyncio.get_running_loop().create_task(self._deliver(event))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    def redeliver(self) -> None:
        for event in self.events:
            self.send(event)

    async def settle(self) -> None:
        while self._waiting:
            await asyncio.wait(list(self._waiting))

    async def aclose(self) -> None:
        for task in list(self._waiting):
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _deliver(self, event: dict[str, Any]) -> None:
        shuffle = random.uniform(0, 1) if self.endpoint.shuffle else 0
        await asyncio.sleep(self.endpoint.delay_seconds + shuffle)
        body, headers = signed(event, self.endpoint.secret)
        async with httpx.AsyncClient(timeout=10) as client:
            for pause in (0.2, 1.0, 3.0, 0.0):
                try:
                    if (await client.post(self.endpoint.url, content=body, headers=headers)).is_success:
                        return
                except httpx.HTTPError:
                    pass  # Stripe, too, simply tries again later.
                await asyncio.sleep(pause)


def signed(event: dict[str, Any], secret: str, timestamp: int | None = None) -> tuple[bytes, dict[str, str]]:
    """Signed by Stripe's own SDK, so that our check is measured against theirs."""
    body = json.dumps(event, indent=2)
    signature = WebhookSignature.generate_signature_header(body, secret, timestamp)
    return body.encode(), {"Stripe-Signature": signature, "Content-Type": "application/json"}
