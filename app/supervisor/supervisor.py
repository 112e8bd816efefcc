"""Keeps children running: stages started in order, the dead started again, all stopped in reverse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from app.embedded.child import Child, StartError

_log = logging.getLogger("usher.supervisor")


class Supervisor:
    """The children are data, so tests supervise small programs of their own."""

    def __init__(
        self,
        on_change: Callable[[], None],
        *,
        first_delay: float = 0.1,
        longest_delay: float = 5.0,
        steady_seconds: float = 10.0,
    ) -> None:
        """``on_change`` is called after a restart. A child that lived ``steady_seconds`` starts over
        with the first delay."""
        self._on_change = on_change
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._steady_seconds = steady_seconds
        self._stages: list[list[Child]] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, children: Sequence[Child]) -> None:
        """Starts one stage at once and returns when all of it answers. One that cannot start raises."""
        stage = list(children)
        self._stages.append(stage)
        await asyncio.gather(*(child.start() for child in stage))
        self._keepers += [asyncio.create_task(self._keep(child)) for child in stage]

    async def stop(self) -> None:
        """The newest stage first. Being cancelled meanwhile (a second Ctrl-C) kills what is left."""
        await self._let_go()
        try:
            for stage in reversed(self._stages):
                await asyncio.gather(*(child.stop() for child in stage))
        except asyncio.CancelledError:
            await asyncio.gather(*(child.kill() for stage in self._stages for child in stage))

    async def _let_go(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._keepers.clear()

    async def _keep(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        delay = self._first_delay
        while True:
            began = loop.time()
            code = await child.wait()
            if loop.time() - began >= self._steady_seconds:
                delay = self._first_delay
            _log.warning("%s ended with code %s; starting it again in %.1f s", child.name, code, delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, self._longest_delay)
            await self._again(child)

    async def _again(self, child: Child) -> None:
        try:
            await child.spawn()
            self._on_change()
        except (StartError, OSError) as error:
            _log.error("%s could not be started again: %s", child.name, error)
