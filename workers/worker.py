"""One worker process: its loops side by side, started together and drained together."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog

from app.bus.base import Bus
from app.bus.repository import MessageLog
from app.core.clock import Clock
from app.core.job_runs import JobRuns
from app.core.jobs import JobQueue
from app.core.outbox import Outbox
from app.core.redis import connect
from workers.arq_worker import ArqWorker, arq_redis
from workers.consumer import DurableConsumer, FeedConsumer, Handing, Subscriptions
from workers.feeder import Feeder
from workers.lease import Leases
from workers.loops import Stop, forever
from workers.owed import OwedSweep
from workers.poked import Poked
from workers.relay import Relay, RelayLoop
from workers.runner import Handler, Runner, Tell
from workers.sweeps import Sweep, SweepLoop

REDIS_MS = 1000
DRAIN_SECONDS = 5.0
RUNNER_SHARE = 0.9
"""Of ARQ's time-out, so that the runner notices first and writes it down."""

log = structlog.get_logger("worker")


@dataclass(frozen=True)
class Parts:
    """What a worker works with. ``workers/main.py`` takes it from bootstrap; tests make it themselves."""

    redis_url: str
    clock: Clock
    bus: Bus
    messages: MessageLog
    outboxes: Sequence[Outbox]
    subscriptions: Subscriptions
    queue: JobQueue
    runs: JobRuns
    handlers: Mapping[str, Handler]
    tell: Tell
    sweeps: Sequence[Sweep]
    relay_idle_seconds: float = 0.25
    job_timeout_seconds: float = 30.0
    job_tries: int = 10
    max_jobs: int = 10
    drain_seconds: float = DRAIN_SECONDS


class WorkerProcess:
    def __init__(self, parts: Parts) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self.stop = Stop()
        self._parts = parts
        self._redis = connect(parts.redis_url, timeout_ms=REDIS_MS, max_connections=20)
        self._leases = Leases(self._redis, self.name)
        self._poked = Poked(self._redis)
        self._runner = Runner(
            parts.runs,
            parts.handlers,
            parts.clock,
            parts.tell,
            timeout_seconds=parts.job_timeout_seconds * RUNNER_SHARE,
            tries=parts.job_tries,
        )
        self._arq = ArqWorker(
            arq_redis(parts.redis_url),
            self._runner,
            max_jobs=parts.max_jobs,
            timeout_seconds=parts.job_timeout_seconds,
            drain_seconds=parts.drain_seconds,
        )

    async def run(self) -> None:
        """Until ``stop`` is set. Rounds under way are finished, within the drain's time."""
        log.info("worker_started", worker=self.name)
        listening = asyncio.create_task(forever("poked", self._poked.round, self.stop))
        working = [asyncio.create_task(loop) for loop in self._loops()]
        working.append(asyncio.create_task(self._arq.run(self.stop)))
        await self.stop.wait()
        log.info("worker_draining", worker=self.name)
        await _finish(working, self._parts.drain_seconds + 2)
        await _finish([listening], 0)
        await self._leases.let_go()
        await self._arq.aclose()
        await self._redis.aclose()
        log.info("worker_stopped", worker=self.name)

    def _loops(self) -> list[Coroutine[Any, Any, None]]:
        relay = Relay(
            self._parts.outboxes, self._parts.messages, self._parts.bus, self._parts.subscriptions.owes
        )
        idle = self._parts.relay_idle_seconds
        relaying = RelayLoop(relay, self._leases, self.stop, self._poked.relay, idle_seconds=idle)
        rounds: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("relay", relaying.round),
            ("feeder", self._feeder().round),
            *self._consumers(),
            *self._sweeps(),
        ]
        return [forever(name, round_, self.stop) for name, round_ in rounds]

    def _feeder(self) -> Feeder:
        return Feeder(
            self._parts.queue,
            self._parts.runs,
            self._runner,
            self._arq.offer,
            self._arq.pick,
            self.stop,
            self._poked.jobs,
        )

    def _consumers(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        handing = Handing(self._parts.messages)
        bus = self._parts.bus
        for durable in self._parts.subscriptions.durable:
            consumer = DurableConsumer(durable, bus, handing, self._leases, self.stop, self.name)
            yield f"consume:{durable.name}", consumer.round
        for feed in self._parts.subscriptions.feeds:
            yield f"feed:{feed.name}", FeedConsumer(feed, bus, self.name).round

    def _sweeps(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        for sweep in (*self._own_sweeps(), *self._parts.sweeps):
            yield f"sweep:{sweep.name}", SweepLoop(sweep, self._leases, self.stop).round

    def _own_sweeps(self) -> list[Sweep]:
        """The machinery's; the domains' come with the parts."""
        handing = Handing(self._parts.messages)
        owed = OwedSweep(self._parts.messages, handing, self._parts.subscriptions)
        return [
            Sweep("messages owed", 5.0, owed),
            Sweep("jobs of the dead", 1.0, self._parts.runs.revive),
        ]


async def _finish(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=2)
