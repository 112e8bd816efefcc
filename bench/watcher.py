"""Watchers of one line: a program of its own that reads what to watch as JSON, listens once for each further
line, and prints what came when.

It speaks just enough WebSocket, Engine.IO and Socket.IO, because it shares the machine with the API process
whose watchers it plays. Times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import uvloop

NAMESPACE = "/live"
PATIENCE_SECONDS = 30.0
CONNECTING = 200
"""At the same time."""
_HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dXNoZXItYmVuY2gtd2F0Yw==\r\n\r\n"
)
_UPDATE = f'42{NAMESPACE},["service.updated"'.encode()
_JOINED, _ANSWERED = f"40{NAMESPACE},".encode(), f"43{NAMESPACE},".encode()
_PING, _PONG = 9, 10
_END = b"\r\n\r\n"


class Crowd:
    def __init__(self, watchers: int) -> None:
        self.watchers = watchers
        self.watching = 0
        self.lost = 0
        self.heard: dict[Watcher, float] = {}
        """When each heard first since it was asked to listen."""
        self.bytes = 0
        self.all_watch = asyncio.Event()
        self.all_heard = asyncio.Event()

    def watches(self) -> None:
        self.watching += 1
        if self.watching == self.watchers:
            self.all_watch.set()

    def hears(self, watcher: Watcher, size: int) -> None:
        self.heard.setdefault(watcher, time.monotonic())
        self.bytes = size
        if len(self.heard) >= self.watchers:
            self.all_heard.set()

    def listen(self) -> None:
        self.heard.clear()
        self.all_heard.clear()


class Watcher(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: Crowd, slug: str) -> None:
        self._crowd = crowd
        self._slug = slug
        self._buffer = b""
        self._open = False
        self.watching = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        transport.write(_HANDSHAKE)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, end, self._buffer = self._buffer.partition(_END)
            if not end:
                self._buffer = head
                return
            self._open = True

        for kind, body in self._frames():
            if kind == _PING:
                self._send(body.decode(), _PONG)
            else:
                self._text(body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.lost += 1
        if not self.watching.done():
            self.watching.set_exception(ConnectionError("refused"))

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Whole ones; a server neither masks nor, without compression, changes what is in them."""
        while len(self._buffer) >= 2:
            size, start = self._buffer[1], 2
            if size == 126:
                size, start = int.from_bytes(self._buffer[2:4]), 4
            elif size == 127:
                size, start = int.from_bytes(self._buffer[2:10]), 10
            if len(self._buffer) < start + size:
                return
            frame, self._buffer = self._buffer[: start + size], self._buffer[start + size :]
            yield frame[0] & 15, frame[start:]

    def _text(self, text: bytes) -> None:
        if text.startswith(_UPDATE):
            self._crowd.hears(self, len(text))
        elif text == b"2":
            self._send("3")
        elif text.startswith(b"0"):
            self._send(f"40{NAMESPACE},")
        elif text.startswith(_JOINED):
            watch = json.dumps(["watch", {"service": self._slug}])
            self._send(f"42{NAMESPACE},1{watch}")
        elif text.startswith(_ANSWERED) and not self.watching.done():
            self.watching.set_result(None)
            self._crowd.watches()

    def _send(self, text: str, kind: int = 1) -> None:
        """Masked with zeros, which is a mask too. Shorter than 126 bytes."""
        body = text.encode()
        assert len(body) < 126
        self._transport.write(bytes((0x80 | kind, 0x80 | len(body), 0, 0, 0, 0)) + body)


async def watch(asked: dict[str, Any]) -> None:
    crowd = Crowd(asked["watchers"])
    gate, loop = asyncio.Semaphore(CONNECTING), asyncio.get_running_loop()

    async def come() -> None:
        async with gate:
            _, watcher = await loop.create_connection(
                lambda: Watcher(crowd, asked["slug"]), "127.0.0.1", asked["port"]
            )
            await watcher.watching

    began = time.monotonic()
    await asyncio.gather(*(come() for _ in range(crowd.watchers)))
    await crowd.all_watch.wait()
    _say(seconds=time.monotonic() - began)
    for _ in range(asked["updates"]):
        await loop.run_in_executor(None, sys.stdin.readline)
        crowd.listen()
        _say(ready=1)
        with suppress(TimeoutError):
            await asyncio.wait_for(crowd.all_heard.wait(), PATIENCE_SECONDS)
        times = crowd.heard.values()
        _say(first=min(times), last=max(times), heard=len(times), bytes=crowd.bytes, lost=crowd.lost)


def _say(**what: float) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    uvloop.run(watch(json.loads(sys.stdin.readline())))


if __name__ == "__main__":
    main()
