"""The largest body: refused by its Content-Length, and counted while it comes in for those who lie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from app.core.errors import TooLarge
from app.core.web.problems import render

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_BODILESS = {"GET", "HEAD", "OPTIONS"}


class BodyLimit:
    """Plain ASGI, because FastAPI's own limit answers in plain text and wraps each route once more."""

    def __init__(self, app: App, max_bytes: int) -> None:
        self._app = app
        self._max = max_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _BODILESS:
            await self._app(scope, receive, send)
        elif _announced(scope) > self._max:
            await render(TooLarge(), scope.get("state", {}).get("request_id", ""))(scope, receive, send)
        else:
            await self._app(scope, _Counted(receive, self._max), send)


class _Counted:
    def __init__(self, receive: Receive, left: int) -> None:
        self._receive = receive
        self._left = left

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLarge
        return message


def _announced(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
