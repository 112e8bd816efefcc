"""Sends the sandbox's webhooks in the background: at least once as a rule, and not at all if told so.

Nothing is kept for a restart. A lost webhook is healed by whoever polls open payments, as it must be
with a real provider.
"""

from __future__ import annotations

import asyncio
import logging
import random

import httpx

from app.core.clock import Clock
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.webhooks import Webhook, signed_headers

_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_IN_FLIGHT = 20
_MOST_WAITING = 5000
_SHUFFLE_SECONDS = 1.0
_GRACE_SECONDS = 2.0

log = logging.getLogger(__name__)


class Courier:
    def __init__(self, url: str, secret: str, clock: Clock, timeout_seconds: float) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock
        self._client = httpx.AsyncClient(timeout=timeout_seconds)
        self._slots = asyncio.Semaphore(_IN_FLIGHT)
        self._waiting: set[asyncio.Task[None]] = set()

    def send(self, webhook: Webhook, faults: Faults) -> None:
        if random.random() < faults.lose:
            return
        for _ in range(1 + faults.duplicate):
            if len(self._waiting) >= _MOST_WAITING:
                log.warning("sandbox webhook dropped, too many wait", extra={"delivery": webhook.event_id})
                return
            task = asyncio.create_task(self._deliver(webhook, _delay(faults)))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def settle(self) -> None:
        """Waits until nothing is under way."""
        while self._waiting:
            await asyncio.wait(list(self._waiting))

    async def aclose(self) -> None:
        waiting = list(self._waiting)
        if waiting:
            await asyncio.wait(waiting, timeout=_GRACE_SECONDS)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self._client.aclose()

    async def _deliver(self, webhook: Webhook, delay: float) -> None:
        await asyncio.sleep(delay)
        for pause in _PAUSES:
            if await self._post(webhook):
                return
            await asyncio.sleep(pause)
        log.warning("sandbox webhook given up", extra={"delivery": webhook.event_id})

    async def _post(self, webhook: Webhook) -> bool:
        headers = signed_headers(webhook.body, self._secret, self._clock)
        try:
            async with self._slots:
                response = await self._client.post(self._url, content=webhook.body, headers=headers)
        except httpx.HTTPError as error:
            log.info("sandbox webhook not delivered", extra={"cause": type(error).__name__})
            return False
        return response.is_success


def _delay(faults: Faults) -> float:
    return faults.delay_seconds + (random.uniform(0, _SHUFFLE_SECONDS) if faults.shuffle else 0.0)
