"""Sweeps go on: one item that fails is logged and met again, the others do not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import structlog

from app.core.errors import Problem
from app.core.mongo import PyMongoError, is_unavailable
from app.core.redis import is_away

T = TypeVar("T")
AT_ONCE = 8

log = structlog.get_logger("sweeps")


async def each(items: Iterable[T], do: Callable[[T], Awaitable[Any]], what: str) -> int:
    """Does it to every item, a few at once; returns how many went well. Bugs are still raised, at the end."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> bool:
        async with limit:
            try:
                await do(item)
            except (Problem, PyMongoError) as error:
                if not _expected(error):
                    raise
                log.warning("sweep_item", what=what, id=getattr(item, "id", ""), error=type(error).__name__)
                return False
            return True

    results = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results.count(True)


def _expected(error: Exception) -> bool:
    return isinstance(error, Problem) or is_unavailable(error) or is_away(error)
