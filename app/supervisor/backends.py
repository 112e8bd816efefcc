"""The two servers everything stands on: the ones whose URLs are set, else embedded ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.embedded.child import Child
from app.embedded.mongod import mongod
from app.embedded.redis_server import redis_server
from app.settings import Settings


@dataclass(frozen=True)
class Backend:
    url: str
    child: Child | None = None
    """None: somebody else runs it."""

    def describe(self) -> dict[str, Any]:
        return {"url": self.url, "pid": self.child.pid if self.child else None}


@dataclass(frozen=True)
class Backends:
    mongod: Backend
    redis: Backend

    @property
    def children(self) -> list[Child]:
        return [backend.child for backend in (self.mongod, self.redis) if backend.child]

    @property
    def environment(self) -> dict[str, str]:
        return {"USHER_MONGODB_URL": self.mongod.url, "USHER_REDIS_URL": self.redis.url}


def choose_backends(settings: Settings, directory: Path) -> Backends:
    def embed(url: str, start: Callable[[Path], Any], name: str) -> Backend:
        if url:
            return Backend(url)
        server = start(directory / name)
        return Backend(server.url, server.child)

    return Backends(
        mongod=embed(settings.mongo.mongodb_url, mongod, "mongod"),
        redis=embed(settings.redis.redis_url, redis_server, "redis"),
    )
