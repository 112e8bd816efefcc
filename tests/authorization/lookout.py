"""Everything a running system writes down or says, as text."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from pymongo import MongoClient

KEEPS_PEOPLE = {
    "users": {"email", "name", "phone"},
    "orders": {"customer"},
    "tokens": {"contact", "own_alias"},
    "password_requests": {"email"},
}
"""Where personal data is at home; everything else of these documents counts."""


class Wire:
    """All commands Redis gets while it is watched: also what is gone from it in a moment."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)
        self.heard: list[str] = []

    @contextmanager
    def tapped(self) -> Iterator[Wire]:
        with self._redis.monitor() as monitor:  # type: ignore[no-untyped-call]
            reader = threading.Thread(target=self._read, args=(monitor,), daemon=True)
            reader.start()
            yield self
            self._redis.ping()
        reader.join(5)

    def _read(self, monitor: Any) -> None:
        try:
            for command in monitor.listen():
                self.heard.append(str(command["command"]))
        except (redis.RedisError, OSError, ValueError, AttributeError):
            return  # The tap was taken away.

    def stored(self) -> str:
        return "\n".join(f"{key!r} {self._value(key)!r}" for key in self._redis.scan_iter())

    def _value(self, key: Any) -> Any:
        match self._redis.type(key):
            case b"hash":
                return self._redis.hgetall(key)
            case b"list":
                return self._redis.lrange(key, 0, -1)
            case b"set":
                return self._redis.smembers(key)
            case b"zset":
                return self._redis.zrange(key, 0, -1, withscores=True)
            case b"stream":
                return self._redis.xrange(key)
            case _:
                return self._redis.get(key)


def documents(url: str, database: str, *, at_home: bool = False) -> dict[str, str]:
    """By collection; ``at_home``: with the fields where personal data belongs."""
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    found: dict[str, str] = {}
    with client:
        for name in client[database].list_collection_names():
            hidden = set() if at_home else KEEPS_PEOPLE.get(name, set())
            found[name] = "\n".join(
                str({field: value for field, value in document.items() if field not in hidden})
                for document in client[database][name].find()
            )
    return found
