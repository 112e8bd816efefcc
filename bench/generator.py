"""The load generator: a program of its own that reads a ``Load`` as JSON and prints what came back.

Raw HTTP/1.1 over kept connections, one request under way on each (a closed loop). It shares the machine
with what it measures, so it does as little as it can: requests are byte templates, of an answer only the
status and the length are read.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections import Counter
from typing import Any

import uvloop

NUMBER = b"\x00N\x00"
TOKEN = b"\x00T\x00"
_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Requests:
    """Each request once: ``NUMBER`` becomes its number, ``TOKEN`` the next of the tokens."""

    def __init__(self, template: bytes, tokens: list[bytes], first: int) -> None:
        self._parts = _split(template)
        self._tokens = tokens
        self._number = first

    def next(self) -> bytes:
        if len(self._parts) == 1:
            return self._parts[0]
        number = self._number
        self._number += 1
        written = b"%09d" % number
        token = self._tokens[number % len(self._tokens)] if self._tokens else b""
        return b"".join(
            [written if part == NUMBER else token if part == TOKEN else part for part in self._parts]
        )


class Run:
    def __init__(self, load: dict[str, Any]) -> None:
        self.requests = Requests(
            load["template"].encode(), [token.encode() for token in load["tokens"]], load["first"]
        )
        self.limit: int = load["requests"] or 1 << 60
        self.until = float("inf")
        self.started = 0.0
        self.sent = 0
        self.ended = 0.0
        self.statuses: Counter[bytes] = Counter()
        self.seconds = array("f")
        self.alive = 0
        self.done = asyncio.Event()
        self.measuring = False
        self.lost = 0

    def begin(self, seconds: float) -> None:
        self.measuring = True
        self.started = time.perf_counter()
        if seconds:
            self.until = self.started + seconds

    def over(self) -> bool:
        return self.sent >= self.limit or time.perf_counter() >= self.until

    def answered(self, status: bytes, seconds: float) -> None:
        if self.measuring:
            self.statuses[status] += 1
            self.seconds.append(seconds)
            self.ended = time.perf_counter()


class Buyer(asyncio.Protocol):
    """One connection."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._missing = 0
        self._head = b""
        self._sent_at = 0.0
        self._closing = False
        run.alive += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            data = self._head + data
            end = data.find(_END)
            if end < 0:
                self._head = data
                return
            self._head = b""
            self._status = data[9:12]
            self._missing = _length(data, end) - (len(data) - end - len(_END))
        if self._missing <= 0:
            self._missing = 0
            self._run.answered(self._status, time.perf_counter() - self._sent_at)
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.alive -= 1
        if not self._closing:
            self._run.lost += 1
        if self._run.alive == 0:
            self._run.done.set()

    def _ask(self) -> None:
        run = self._run
        if run.measuring and run.over():
            self._closing = True
            self._transport.close()
            return
        if run.measuring:
            run.sent += 1
        self._sent_at = time.perf_counter()
        self._transport.write(run.requests.next())


async def generate(load: dict[str, Any]) -> dict[str, Any]:
    run = Run(load)
    loop = asyncio.get_running_loop()
    if not load["warm_up"]:
        run.begin(load["seconds"])
    for _ in range(load["connections"]):
        await loop.create_connection(lambda: Buyer(run), "127.0.0.1", load["port"])
    if load["warm_up"]:
        await asyncio.sleep(load["warm_up"])
        run.begin(load["seconds"])
    await run.done.wait()
    return _summary(run)


def _summary(run: Run) -> dict[str, Any]:
    tenth = max(1, len(run.seconds) // 10)
    return {
        "statuses": {status.decode(): n for status, n in run.statuses.items()},
        "seconds": run.ended - run.started,
        "lost": run.lost,
        "all": _latency(run.seconds),
        "first_tenth": _latency(run.seconds[:tenth]),
        "last_tenth": _latency(run.seconds[-tenth:]),
    }


def _latency(seconds: array[float]) -> dict[str, float]:
    found = sorted(seconds) or [0.0]
    return {
        "p50_ms": round(found[len(found) // 2] * 1000, 2),
        "p99_ms": round(found[len(found) * 99 // 100] * 1000, 2),
    }


def _length(data: bytes, end: int) -> int:
    at = data.lower().find(_LENGTH, 0, end)
    return int(data[at + len(_LENGTH) : data.index(b"\r", at)]) if at >= 0 else 0


def _split(template: bytes) -> list[bytes]:
    parts = [template]
    for marker in (NUMBER, TOKEN):
        parts = [piece for part in parts for piece in _around(part, marker)]
    return parts


def _around(part: bytes, marker: bytes) -> list[bytes]:
    pieces = part.split(marker)
    found = [pieces[0]]
    for piece in pieces[1:]:
        found += [marker, piece]
    return [piece for piece in found if piece]


def main() -> None:
    load = json.load(sys.stdin)
    print(json.dumps(uvloop.run(generate(load))))


if __name__ == "__main__":
    main()
