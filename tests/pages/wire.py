"""What can happen to the socket of a page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from playwright.async_api import WebSocketRoute

from tests.pages.browser import PATIENCE_MS, Screen

SOCKET = re.compile(r"/socket\.io/")


class Wire:
    """Between a page and the server: loses, changes and cuts what goes over the socket."""

    def __init__(self) -> None:
        self.watched = 0
        self.lose = 0
        self.epoch: str | None = None
        self.cut = False
        self._moved = asyncio.Event()
        self._sockets: list[WebSocketRoute] = []

    async def put_before(self, screen: Screen) -> None:
        await screen.page.route_web_socket(SOCKET, self._opened)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not holds():
                self._moved.clear()
                await self._moved.wait()

    async def cut_off(self) -> None:
        self.cut = True
        for socket in self._sockets:
            await socket.close()

    async def _opened(self, socket: WebSocketRoute) -> None:
        if self.cut:
            await socket.close()
            return
        self._sockets.append(socket)
        server = socket.connect_to_server()

        def from_page(frame: str | bytes) -> None:
            self.watched += '"watch"' in str(frame)
            self._moved.set()
            server.send(frame)

        def from_server(frame: str | bytes) -> None:
            text = str(frame)
            if '"service.updated"' in text and self.lose:
                self.lose -= 1
                self._moved.set()
                return
            if '"service.updated"' in text and self.epoch:
                text, self.epoch = re.sub(r'"seq":"\w+\.', f'"seq":"{self.epoch}.', text), None
            socket.send(text)

        socket.on_message(from_page)
        server.on_message(from_server)
