"""One child process: started on a leash, awaited until it answers, stopped politely and then not."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from app.embedded.exits import explain
from app.embedded.leash import leash

_POLL_SECONDS = 0.05


class StartError(Exception):
    """A child could not start. The text tells a person what to do."""


class Child:
    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        log: Path | None = None,
        ready: Callable[[], Awaitable[bool]] | None = None,
        start_seconds: float = 60.0,
        stop_seconds: float = 10.0,
    ) -> None:
        """``environment`` is added to our own. Without ``log`` the child writes where we write."""
        self.name = name
        self.command = list(command)
        self._environment = environment or {}
        self._pass_fds = tuple(pass_fds)
        self._log = log
        self._ready = ready
        self._start_seconds = start_seconds
        self._stop_seconds = stop_seconds
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the newest process; it may have ended."""
        return self._started.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise StartError(f"{self.name} was never started")
        return self._process

    async def start(self) -> None:
        """Starts the process and returns once it answers."""
        await self.spawn()
        if self._ready is None:
            return
        answered = asyncio.ensure_future(self._answered(self._ready))
        ended = asyncio.ensure_future(self.wait())
        try:
            await asyncio.wait(
                {answered, ended}, timeout=self._start_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if ended.done():
                raise StartError(f"{explain(self.name, ended.result(), self._output())}{self._see_log()}")
            if not answered.done():
                late = f"{self.name} did not answer within {self._start_seconds:.0f} s"
                raise StartError(late + self._see_log())
            await answered
        finally:
            answered.cancel()
            ended.cancel()

    async def spawn(self) -> None:
        """Starts the process without waiting for its answer.

        In a session of its own, so that Ctrl-C in a terminal reaches the supervisor only, which then
        stops its children in the right order.
        """
        output = self._open_log()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=self._pass_fds,
                start_new_session=True,
                preexec_fn=leash(),
            )
        except OSError as error:
            raise StartError(f"{self.name} cannot be started: {error}") from error
        finally:
            if output is not None:
                os.close(output)

    async def wait(self) -> int:
        return await self._started.wait()

    async def stop(self) -> None:
        if not self.running:
            return
        self.send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), self._stop_seconds)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        if self.running:
            self.send(signal.SIGKILL)
            await self.wait()

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # It ended on its own meanwhile, which is what we may want.
            self._started.send_signal(number)

    def _open_log(self) -> int | None:
        if self._log is None:
            return None
        self._log.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @staticmethod
    async def _answered(ready: Callable[[], Awaitable[bool]]) -> None:
        while True:
            if await ready():
                return
            await asyncio.sleep(_POLL_SECONDS)

    def _output(self) -> str:
        return self._log.read_text(errors="replace") if self._log else ""

    def _see_log(self) -> str:
        return f" (log: {self._log})" if self._log else ""
