"""The worker program: ``usher worker``. Any number of them may run; each can be killed at any moment."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import structlog
import uvloop
from prometheus_client import start_http_server

from app.bootstrap import Services, build, build_live_listener
from app.core.errors import Transient
from app.core.logging import configure
from app.core.mongo import PyMongoError, is_unavailable
from app.realtime.listeners import LiveListener
from app.settings import Settings
from workers.jobs.handlers import handlers
from workers.jobs.sweeps import sweeps
from workers.loops import Stop
from workers.subscriptions import subscriptions
from workers.worker import Parts, WorkerProcess

START_AGAIN_SECONDS = 1.0

log = structlog.get_logger("worker")


def run() -> None:
    """Until SIGTERM or SIGINT; then what is under way is finished or given back."""
    settings = Settings()
    configure(settings.runtime.log_level)
    uvloop.run(work(settings))


async def work(settings: Settings) -> None:
    services = build(settings)
    live = build_live_listener(services)
    worker = WorkerProcess(parts(services, live))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stop.set)
    if settings.work.metrics_port:
        start_http_server(settings.work.metrics_port, addr="127.0.0.1")
    await _prepare(services, worker.stop)
    upkeep = asyncio.create_task(services.upkeep(), name="upkeep")
    try:
        await worker.run()
    finally:
        upkeep.cancel()
        with suppress(asyncio.CancelledError):  # Our own cancellation comes back to us.
            await upkeep
        await live.aclose()
        await services.close()


async def _prepare(services: Services, stop: Stop) -> None:
    """A worker that starts before its database waits for it."""
    while not stop:
        try:
            await services.prepare()
        except (PyMongoError, Transient) as error:
            if isinstance(error, PyMongoError) and not is_unavailable(error):
                raise
            log.warning("waiting_for_mongodb", error=type(error).__name__)
            await stop.sleep(START_AGAIN_SECONDS)
        else:
            return


def parts(services: Services, live: LiveListener) -> Parts:
    settings, news = services.engines.settings, services.news
    return Parts(
        redis_url=settings.redis.redis_url,
        clock=services.engines.clock,
        bus=news.bus,
        messages=news.messages,
        outboxes=news.outboxes,
        subscriptions=subscriptions(services, live),
        queue=news.queue,
        runs=news.runs,
        handlers=handlers(services),
        tell=live.job,
        sweeps=sweeps(services),
        relay_idle_seconds=settings.work.relay_idle_seconds,
        job_timeout_seconds=settings.work.job_timeout_seconds,
        job_tries=settings.work.job_tries,
    )
