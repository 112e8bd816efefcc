"""``usher check``: looks twice before it complains."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from app.check.look import Look, look
from app.core.mongo import Database, MongoConnection, PyMongoError
from app.core.redis import Client, RedisError, connect
from app.settings import Mongo

PAUSE_SECONDS = 2.0
TIMEOUT_MS = 30_000


def main(mongodb_url: str, redis_url: str, database: str = "") -> dict[str, Any]:
    """What ``check`` finds, for callers without an event loop."""
    return asyncio.run(check(mongodb_url, redis_url, database))


async def check(
    mongodb_url: str,
    redis_url: str,
    database: str = "",
    pause: float = PAUSE_SECONDS,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> dict[str, Any]:
    """``violations`` is empty when every invariant holds; ``warnings`` are worth a look."""
    name = database or Mongo().mongodb_database
    connection = MongoConnection(mongodb_url, name, timeout_ms=TIMEOUT_MS)
    redis = connect(redis_url, timeout_ms=5000)
    try:
        looks = await _looks(connection.database, redis, partial(wait, pause))
    except (PyMongoError, RedisError) as error:
        return _unreachable(error)
    finally:
        await redis.aclose()
        await connection.close()
    return _report(looks)


async def _looks(database: Database, redis: Client, pause: Callable[[], Awaitable[None]]) -> list[Look]:
    """What a write under way leaves half done is whole two seconds later."""
    first = await look(database, redis)
    if not first.findings:
        return [first]
    await pause()
    return [first, await look(database, redis)]


def _report(looks: list[Look]) -> dict[str, Any]:
    last = looks[-1]
    seen = [last.findings[key] for key in sorted(last.findings) if all(key in one.findings for one in looks)]
    violations = [finding.as_dict() for finding in seen if finding.grave]
    return {
        "ok": not violations,
        "violations": violations,
        "warnings": [finding.as_dict() for finding in seen if not finding.grave],
        "counts": last.counts,
        "looked_at": [one.at for one in looks],
    }


def _unreachable(error: Exception) -> dict[str, Any]:
    """What cannot be looked at is not known to hold."""
    finding = {"rule": "unreachable", "id": "servers", "detail": type(error).__name__}
    return {"ok": False, "violations": [finding], "warnings": [], "counts": {}, "looked_at": []}
