"""The whole worker program in a process of its own, which kills itself just before it writes down that
something was sent, or is killed from outside."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from typing import Any

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from app.bootstrap import build, build_live_listener
from app.settings import Mail, Mongo, Redis, Runtime, Settings, Sms
from workers.main import parts
from workers.worker import WorkerProcess

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.faults.doomed", "tests.notifications.doomed_worker"])
LONGEST_LIFE = 120
PATIENCE = 60.0


@dataclass(frozen=True)
class Setup:
    """What of the settings the child needs. Plain, so that it can be handed to it."""

    mongo_url: str
    database: str
    redis_url: str
    public_url: str
    mail: dict[str, Any]
    sms: dict[str, Any]

    @classmethod
    def of(cls, settings: Settings) -> Setup:
        mongo, redis = settings.mongo, settings.redis
        return cls(
            mongo.mongodb_url,
            mongo.mongodb_database,
            redis.redis_url,
            settings.runtime.public_url,
            settings.mail.model_dump(),
            settings.sms.model_dump(),
        )

    def settings(self) -> Settings:
        return Settings(
            runtime=Runtime(env="test", log_level="error", public_url=self.public_url),
            mongo=Mongo(mongodb_url=self.mongo_url, mongodb_database=self.database),
            redis=Redis(redis_url=self.redis_url),
            mail=Mail(**self.mail),
            sms=Sms(**self.sms),
        )


class BeforeTheRecord(CommandListener):
    """Between the provider's answer and our writing it down."""

    def started(self, event: CommandStartedEvent) -> None:
        command = event.command
        if event.command_name == "update" and command["update"] == "mails":
            change = command["updates"][0]["u"]
            if change.get("$set", {}).get("status") == "sent":
                os.kill(os.getpid(), signal.SIGKILL)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Strikes before, never after."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Strikes before, never after."""


def work(setup: Setup, struck: bool) -> None:
    """The target of the child."""
    signal.alarm(LONGEST_LIFE)
    asyncio.run(_work(setup, struck))


async def _work(setup: Setup, struck: bool) -> None:
    services = build(setup.settings(), [BeforeTheRecord()] if struck else [])
    await services.prepare()
    await WorkerProcess(parts(services, build_live_listener(services))).run()


@contextmanager
def doomed_worker(settings: Settings, *, struck: bool) -> Iterator[ForkServerProcess]:
    """``struck``: it kills itself; else whoever started it does."""
    process = _CONTEXT.Process(target=work, args=(Setup.of(settings), struck), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(10)


async def died(process: ForkServerProcess) -> bool:
    """Of SIGKILL. False when it ended otherwise."""
    async with asyncio.timeout(PATIENCE):
        while process.is_alive():  # noqa: ASYNC110 — a process has no event to offer.
            await asyncio.sleep(0.01)
    return process.exitcode == -signal.SIGKILL
