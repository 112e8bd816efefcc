"""A whole ``usher serve`` as a test sees it: a process, its ``run.json``, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from app.embedded.leash import leash

USHER_SERVE = (sys.executable, "-m", "app.cli", "serve")
_START_SECONDS = 180.0


class Serving:
    def __init__(
        self,
        data_dir: Path,
        *options: str,
        command: Sequence[str] = USHER_SERVE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self._output = data_dir.with_name(f"{data_dir.name}.log")
        self._run_file = data_dir / "run.json"
        self._run_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*command, "--data-dir", str(data_dir), "--port", "0", *options],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._output.open("ab"),
            stderr=subprocess.STDOUT,
            preexec_fn=leash(),
        )

    @property
    def run(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self._run_file.read_text())
        return content

    @property
    def url(self) -> str:
        return str(self.run["api"]["url"])

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def family(self) -> set[psutil.Process]:
        """The supervisor and everything it started."""
        supervisor = psutil.Process(self.process.pid)
        return {supervisor, *supervisor.children(recursive=True)}

    def wait_ready(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while not self._run_file.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"usher serve did not become ready:\n{self.output}")
            time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(data_dir: Path, *options: str, **more: Any) -> Iterator[Serving]:
    """Ready when entered, gone when left."""
    running = Serving(data_dir, *options, **more)
    try:
        running.wait_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def eventually(holds: Callable[[], bool], *, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise AssertionError(f"did not hold within {seconds} s")
        time.sleep(0.05)
