"""The bus inside one process, for tests. It forgets like Redis does when ``flush`` is called."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from app.bus.base import Receipt, Received, decode, encode
from app.core.messages import Envelope


class _Group:
    def __init__(self) -> None:
        self.next = 0
        self.held: dict[int, float] = {}


class MemoryBus:
    def __init__(
        self, *, stuck_seconds: float = 8.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._stuck = stuck_seconds
        self._monotonic = monotonic
        self._streams: dict[str, list[bytes]] = defaultdict(list)
        self._groups: dict[tuple[str, str], _Group] = defaultdict(_Group)
        self._news = asyncio.Condition()

    async def publish(self, entries: Sequence[Envelope]) -> None:
        async with self._news:
            for entry in entries:
                self._streams[entry.stream].append(encode(entry))
            self._news.notify_all()

    async def read(
        self, group: str, consumer: str, streams: Sequence[str], *, count: int, block: float
    ) -> list[Received]:
        until = self._monotonic() + block
        async with self._news:
            while True:
                taken = self._take(group, streams, count)
                left = until - self._monotonic()
                if taken or left <= 0:
                    return taken
                await self._wait(left)

    async def ack(self, group: str, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            self._groups[group, receipt.stream].held.pop(int(receipt.position), None)

    async def aclose(self) -> None:
        self.flush()

    def flush(self) -> None:
        self._streams.clear()
        self._groups.clear()

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return

    def _take(self, group: str, streams: Sequence[str], count: int) -> list[Received]:
        taken: list[Received] = []
        for stream in streams:
            for position in self._free(self._groups[group, stream], len(self._streams[stream])):
                if len(taken) == count:
                    return taken
                self._hold(self._groups[group, stream], position)
                taken.append((Receipt(stream, str(position)), decode(self._streams[stream][position])))
        return taken

    def _free(self, group: _Group, length: int) -> list[int]:
        now = self._monotonic()
        stuck = [position for position, since in group.held.items() if now - since >= self._stuck]
        return sorted(stuck) + list(range(group.next, length))

    def _hold(self, group: _Group, position: int) -> None:
        group.held[position] = self._monotonic()
        group.next = max(group.next, position + 1)
