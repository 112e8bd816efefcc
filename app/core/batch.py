"""Group commit: what many ask for at the same moment goes to the database in one command.

Nobody waits for company: the first goes at once, and those who come while it is under way go together in
the next. Each gets the answer, or the error, that is theirs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Batch(Generic[A, R]):
    def __init__(
        self,
        run: Callable[[Sequence[A]], Awaitable[Sequence[R | Exception]]],
        *,
        at_once: int = 2,
        most: int = 100,
    ) -> None:
        """``run`` answers in the order of what it was given; what it raises concerns all of them."""
        self._run = run
        self._at_once = at_once
        self._most = most
        self._running = 0
        self._waiting: deque[tuple[A, asyncio.Future[R]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, item: A) -> R:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._begin()
        return await answer

    def _begin(self) -> None:
        if not self._waiting or self._running >= self._at_once:
            return
        size = min(len(self._waiting), self._most)
        together = [self._waiting.popleft() for _ in range(size)]
        self._running += 1
        task = asyncio.create_task(self._go(together))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go(self, together: list[tuple[A, asyncio.Future[R]]]) -> None:
        answers: Sequence[R | Exception]
        try:
            answers = await self._run([item for item, _ in together])
        except Exception as error:
            answers = [error] * len(together)
        finally:
            self._running -= 1
            self._begin()
        for (_, future), answer in zip(together, answers, strict=True):
            if future.done():  # Whoever asked has gone.
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
