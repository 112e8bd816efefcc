"""A process that is killed at a named step: the real API or the real rounds of a worker, and a listener.

The listener hears of every command just before it is sent and just after it was answered, and strikes
there: the process kills itself with SIGKILL, or somebody strikes a server instead.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Event
from typing import Literal

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from app.bootstrap import build, build_live_listener
from tests.faults.house import Place, server_of, url_of
from tests.faults.lines_steps import STEPS
from workers.main import parts
from workers.worker import WorkerProcess

When = Literal["before", "after"]
LONGEST_LIFE = 900
"""Seconds. Nobody is left over where the tests were killed."""


@dataclass(frozen=True)
class Doom:
    step: str
    when: When
    how: Literal["kill", "stop"] = "kill"


class Executioner(CommandListener):
    """Strikes once, at the first command of the step. ``answered`` hears when that command was answered."""

    def __init__(
        self, doom: Doom, strike: Callable[[], None], answered: Callable[[], None] = lambda: None
    ) -> None:
        self._step = STEPS[doom.step]
        self._when = doom.when
        self._due = True
        self._strike = strike
        self._answered = answered
        self._request: int | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if not self._due or not self._step.is_in(event.command_name, event.command):
            return
        self._due, self._request = False, event.request_id
        if self._when == "before":
            self._strike()

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._ended(event.request_id)

    def failed(self, event: CommandFailedEvent) -> None:
        self._ended(event.request_id)

    def _ended(self, request: int) -> None:
        if request != self._request:
            return
        self._request = None
        if self._when == "after":
            self._strike()
        self._answered()


def _strike(doom: Doom) -> None:
    """A stopped process goes on from here once somebody wakes it."""
    os.kill(os.getpid(), signal.SIGKILL if doom.how == "kill" else signal.SIGSTOP)


def _executioner(doom: Doom, answered: Event) -> Executioner:
    return Executioner(doom, partial(_strike, doom), answered.set)


def api(place: Place, doom: Doom, answered: Event, sock: socket.socket) -> None:
    """The target of a child process: serves until it is struck."""
    signal.alarm(LONGEST_LIFE)
    services = build(place.settings(url_of(sock)), [_executioner(doom, answered)])
    asyncio.run(server_of(services).serve(sockets=[sock]))


def worker(place: Place, doom: Doom, answered: Event) -> None:
    """The target of a child process: the whole worker program, until it is struck."""
    signal.alarm(LONGEST_LIFE)
    asyncio.run(_work(place, doom, answered))


async def _work(place: Place, doom: Doom, answered: Event) -> None:
    services = build(place.settings(), [_executioner(doom, answered)])
    await services.prepare()
    await WorkerProcess(parts(services, build_live_listener(services))).run()
