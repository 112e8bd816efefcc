"""MongoDB: one client per process, one shape for both drivers, errors told apart once.

Repositories are typed against PyMongo's asynchronous classes. Motor's have the same methods except
``aggregate`` (not awaited there) and ``close`` (not a coroutine), which this file hides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, IndexModel, monitoring
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteError,
    WTimeoutError,
)

from app.core.clock import SystemClock

Document = dict[str, Any]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]

_AWAY = (AutoReconnect, ServerSelectionTimeoutError, ExecutionTimeout, WTimeoutError, WaitQueueTimeoutError)
_DUPLICATE = 11000
_INTERRUPTED = {11600, 11602, 91, 189, 10107, 13435, 262, 50}
"""Server codes for shutting down, stepping down and exceeded time: the write may or may not stand."""


class MongoConnection:
    """Owns the client. ``database`` is what repositories are built on."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        driver: Literal["pymongo", "motor"] = "pymongo",
        timeout_ms: int = 5000,
        max_pool: int = 100,
        listeners: Sequence[monitoring.CommandListener] = (),
    ) -> None:
        options: dict[str, Any] = {
            "tz_aware": True,
            "tzinfo": UTC,
            "w": "majority",
            "retryWrites": True,
            "appname": "usher",
            "maxPoolSize": max_pool,
            "serverSelectionTimeoutMS": timeout_ms,
            "connectTimeoutMS": timeout_ms,
            "socketTimeoutMS": timeout_ms,
            "waitQueueTimeoutMS": timeout_ms,
            "event_listeners": list(listeners),
        }
        self.driver = driver
        self._client: Any = (
            AsyncMongoClient(url, **options) if driver == "pymongo" else AsyncIOMotorClient(url, **options)
        )
        self.database = cast(Database, self._client[database])

    async def close(self) -> None:
        closing = self._client.close()
        if closing is not None:
            await closing

    async def measure_clock(self, clock: SystemClock) -> None:
        """Asks the server for its time and keeps the offset in ``clock``."""
        await self.database.command("ping")  # So that opening a connection is not measured too.
        before = datetime.now(UTC)
        hello = await self.database.command("hello")
        clock.measure(hello["localTime"].replace(tzinfo=UTC), before, datetime.now(UTC))


async def aggregate(
    collection: Collection, pipeline: Sequence[Mapping[str, Any]], **options: Any
) -> list[Document]:
    cursor: Any = collection.aggregate(pipeline, **options)
    if hasattr(cursor, "__await__"):
        cursor = await cursor
    return cast(list[Document], await cursor.to_list(None))


async def insert_each(collection: Collection, documents: Sequence[Document]) -> list[PyMongoError | None]:
    """One command, but each document stands or falls alone: None where it was inserted, else its error.

    Raises what leaves all of them unknown.
    """
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return _errors_of(error.details, len(documents))
    return [None] * len(documents)


def _errors_of(details: Mapping[str, Any], count: int) -> list[PyMongoError | None]:
    unknown = WTimeoutError("not acknowledged by a majority") if details["writeConcernErrors"] else None
    errors: list[PyMongoError | None] = [unknown] * count
    for refused in details["writeErrors"]:
        kind = DuplicateKeyError if refused["code"] == _DUPLICATE else WriteError
        errors[refused["index"]] = kind(refused["errmsg"], refused["code"], refused)
    return errors


async def ensure_indexes(collection: Collection, indexes: Sequence[IndexModel]) -> None:
    if indexes:
        await collection.create_indexes(list(indexes))


def literal(value: Any) -> dict[str, Any]:
    """A value inside a pipeline update. Without it a name such as ``$secret`` reads a field."""
    return {"$literal": value}


def due(field: str) -> dict[str, Any]:
    """A filter: the deadline in ``field`` has passed on the server's clock.

    ``$type`` is asked for because ``$expr`` treats an absent field as smaller than any date.
    """
    return {field: {"$type": "date"}, "$expr": {"$lte": [f"${field}", "$$NOW"]}}


def not_due(field: str) -> dict[str, Any]:
    return {field: {"$type": "date"}, "$expr": {"$gt": [f"${field}", "$$NOW"]}}


def is_unavailable(error: BaseException) -> bool:
    """The server could not be reached or did not finish: whether a write stands is unknown."""
    if isinstance(error, DuplicateKeyError):
        return False
    if isinstance(error, OperationFailure):
        return error.code in _INTERRUPTED or error.has_error_label("RetryableWriteError")
    return isinstance(error, _AWAY)


def duplicate_of(error: DuplicateKeyError) -> tuple[set[str], Document]:
    """Which unique index refused: the fields of its pattern, and the values that clashed."""
    details: Mapping[str, Any] = error.details or {}
    return set(details.get("keyPattern", {})), dict(details.get("keyValue", {}))


__all__ = [
    "Collection",
    "Database",
    "Document",
    "DuplicateKeyError",
    "IndexModel",
    "MongoConnection",
    "PyMongoError",
    "aggregate",
    "due",
    "duplicate_of",
    "ensure_indexes",
    "insert_each",
    "is_unavailable",
    "literal",
    "not_due",
]
