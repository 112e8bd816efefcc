"""Runs ``serve`` as a program: the data directory's lock, signals, exit codes."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from app.embedded.child import StartError
from app.embedded.locks import DirectoryLock
from app.settings import Settings
from app.supervisor.programs import Programs
from app.supervisor.serve import Plan, Serve


def serve(plan: Plan, programs: Programs | None = None) -> int:
    """The exit code: 0 after Ctrl-C or SIGTERM, 1 when something could not start."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        settings = Settings()
    except ValueError as error:
        return _fail(f"the settings make no sense: {error}")
    plan.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        DirectoryLock(plan.data_dir).acquire()
        asyncio.run(_until_signalled(Serve(plan, settings, programs or Programs(), _say)))
    except StartError as error:
        return _fail(str(error))
    return 0


async def _until_signalled(program: Serve) -> None:
    """The first signal stops everything in order, the second one at once."""
    running = asyncio.ensure_future(program.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        _say("Usher has stopped.")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _fail(text: str) -> int:
    print(f"usher: {text}", file=sys.stderr, flush=True)  # noqa: T201
    return 1
