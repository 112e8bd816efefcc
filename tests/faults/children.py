"""Doomed processes from the outside. A fork server imported the program once: a child starts at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event

import httpx
import psutil

from tests.faults import doomed
from tests.faults.doomed import Doom
from tests.faults.house import Place, listening, url_of

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.faults.doomed"])
PATIENCE = 300.0


@dataclass
class Child:
    process: ForkServerProcess
    answered: Event
    url: str = ""

    async def dies(self) -> bool:
        """Whether it was struck. False when it ended otherwise."""
        async with asyncio.timeout(PATIENCE):
            while self.process.is_alive():  # noqa: ASYNC110 — a process has no event to offer.
                await asyncio.sleep(0.01)
        return self.process.exitcode == -signal.SIGKILL

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    @property
    def stopped(self) -> bool:
        """Struck, and not woken yet."""
        assert self.process.pid is not None
        assert self.alive, "it ended instead of standing still"
        return str(psutil.Process(self.process.pid).status()) == str(psutil.STATUS_STOPPED)

    def wake(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def doomed_api(place: Place, doom: Doom) -> Iterator[Child]:
    answered = _CONTEXT.Event()
    with listening() as sock:
        process = _CONTEXT.Process(target=doomed.api, args=(place, doom, answered, sock), daemon=True)
        process.start()
        url = url_of(sock)
    yield from _ended(Child(process, answered, url))


@contextmanager
def doomed_worker(place: Place, doom: Doom) -> Iterator[Child]:
    answered = _CONTEXT.Event()
    process = _CONTEXT.Process(target=doomed.worker, args=(place, doom, answered), daemon=True)
    process.start()
    yield from _ended(Child(process, answered))


def _ended(child: Child) -> Iterator[Child]:
    try:
        yield child
    finally:
        child.process.kill()
        child.process.join(60)


async def serving(client: httpx.AsyncClient, child: Child) -> None:
    """Waits until the doomed API answers."""
    while child.alive:
        try:
            await client.get("/health/live")
            return
        except httpx.TransportError:
            await asyncio.sleep(0.02)
    raise AssertionError("the doomed API did not start")
