"""Real servers for tests, started by the same code that ``usher serve`` uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.embedded.mongod import Mongod, mongod
from app.embedded.redis_server import RedisServer, redis_server


@dataclass(frozen=True)
class Servers:
    """A fault test starts a pair of its own and kills or pauses it through ``child``."""

    mongod: Mongod
    redis: RedisServer


@asynccontextmanager
async def running_servers(directory: Path) -> AsyncIterator[Servers]:
    servers = Servers(mongod(directory / "mongod"), redis_server(directory / "redis"))
    children = (servers.mongod.child, servers.redis.child)
    try:
        await asyncio.gather(*(child.start() for child in children))
        yield servers
    finally:
        await asyncio.gather(*(child.kill() for child in children))
