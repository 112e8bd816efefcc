"""How many frames one socket may send. Counted before Socket.IO parses anything."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import Counter

FRAMES_PER_SECOND = 20.0
BURST = 60.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

CUT_OFF = Counter("usher_live_cut_off_total", "Sockets closed for sending too many frames")


class FrameGate:
    """ASGI around the Socket.IO application; HTTP passes untouched."""

    def __init__(self, app: App, *, per_second: float = FRAMES_PER_SECOND, burst: float = BURST) -> None:
        self._app = app
        self._per_second = per_second
        self._burst = burst

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            receive = _Counted(receive, self._per_second, self._burst)
        await self._app(scope, receive, send)


class _Counted:
    """A bucket that refills; an empty one looks like a client that hung up."""

    def __init__(self, receive: Receive, per_second: float, burst: float) -> None:
        self._receive = receive
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._at = time.monotonic()

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second) - 1
        self._at = now
        if self._left >= 0:
            return message
        CUT_OFF.inc()
        return {"type": "websocket.disconnect", "code": 1008, "reason": "too many frames"}
