"""``usher serve``: from nothing to ready, and back."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.embedded.child import Child
from app.settings import Settings
from app.supervisor.admin import first_admin
from app.supervisor.backends import Backends, choose_backends
from app.supervisor.directories import own_directories
from app.supervisor.files import RUN, write_private
from app.supervisor.listen import listen, url_of
from app.supervisor.metrics import shared_metrics
from app.supervisor.probe import answers_ready
from app.supervisor.programs import Programs, run_once
from app.supervisor.running import Running
from app.supervisor.secrets import development_secrets
from app.supervisor.supervisor import Supervisor

_DRAIN_SECONDS = 15.0
"""A little longer than a process allows itself."""


@dataclass(frozen=True)
class Plan:
    """What the command line asked for."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    api_processes: int = 1
    worker_processes: int = 1
    admin_email: str = "admin@example.com"
    demo: bool = False


class Serve:
    def __init__(
        self, plan: Plan, settings: Settings, programs: Programs, say: Callable[[str], None]
    ) -> None:
        """``say`` prints for the person in front of the terminal."""
        self._plan = plan
        self._settings = settings
        self._programs = programs
        self._say = say
        self._supervisor = Supervisor(on_change=self._write_run)
        self._run_file = plan.data_dir / RUN
        self._running: Running | None = None

    async def run(self) -> None:
        """Until it is cancelled. Raises ``StartError`` when something cannot start."""
        self._run_file.unlink(missing_ok=True)
        with await listen(self._plan.host, self._plan.port) as listener:
            try:
                self._running = await self._start(listener)
                await self._tell()
                await asyncio.Event().wait()
            finally:
                listener.close()  # Who comes now is refused at once instead of waiting for nobody.
                await self._supervisor.stop()
                self._run_file.unlink(missing_ok=True)

    async def _start(self, listener: socket.socket) -> Running:
        plan, url = self._plan, url_of(listener)
        backends = choose_backends(self._settings, plan.data_dir)
        environment = self._environment(backends, url)
        await self._supervisor.start(backends.children)
        workers = self._workers(environment)
        await self._supervisor.start(workers)
        apis = self._apis(environment, listener, url)
        _, admin = await asyncio.gather(
            self._supervisor.start(apis),
            first_admin(plan.data_dir, plan.admin_email, self._programs, environment),
        )
        if plan.demo:
            await run_once(self._programs.seed, environment)
        return Running(url, apis, workers, backends, admin)

    async def _tell(self) -> None:
        self._write_run()
        if self._running:
            self._say(self._running.announce(self._plan.data_dir))

    def _write_run(self) -> None:
        if self._running:  # A restart before everything was ready is not news yet.
            write_private(self._run_file, self._running.describe())

    def _environment(self, backends: Backends, url: str) -> dict[str, str]:
        made = development_secrets(self._settings, self._plan.data_dir)
        public = {} if "public_url" in self._settings.runtime.model_fields_set else {"USHER_PUBLIC_URL": url}
        files = own_directories(self._settings, self._plan.data_dir)
        return {**made, **public, **files, **backends.environment, **shared_metrics(self._plan.data_dir)}

    def _workers(self, environment: Mapping[str, str]) -> list[Child]:
        return [
            Child(
                f"worker-{n}",
                self._programs.worker,
                environment=environment,
                stop_seconds=_DRAIN_SECONDS,
            )
            for n in range(1, self._plan.worker_processes + 1)
        ]

    def _apis(self, environment: Mapping[str, str], listener: socket.socket, url: str) -> list[Child]:
        async def ready() -> bool:
            return await answers_ready(url)

        shared = listener.fileno()
        return [
            Child(
                f"api-{n}",
                [*self._programs.api, "--fd", str(shared)],
                environment=environment,
                pass_fds=[shared],
                ready=ready,
                stop_seconds=_DRAIN_SECONDS,
            )
            for n in range(1, self._plan.api_processes + 1)
        ]
