"""Redis: clients with bounded waits, and the breaker that stops asking a Redis that is away."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.core.errors import Transient
from app.core.patience import Patience

T = TypeVar("T")
Client = Redis

_AWAY = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError, OSError)


LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
"""Deletes a key that still has the value we gave it: a lock that somebody else took over stays theirs."""


class RedisAway(Transient):
    """Redis did not answer in time, or the breaker is open. The caller has another way, or says 503."""


class _Connection:
    """A connection under uvloop, which says of a transport the server has closed: RuntimeError."""

    def __init__(self, *, patience: float, **options: Any) -> None:
        super().__init__(**options)
        self._patience = patience

    async def _connect(self) -> None:
        async with Patience(self._patience):
            await super()._connect()  # type: ignore[misc]

    async def read_response(
        self,
        disable_decoding: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109 — the base class has it.
        **options: Any,
    ) -> Any:
        if timeout is not None:
            return await super().read_response(disable_decoding, timeout, **options)  # type: ignore[misc]
        try:
            async with Patience(self._patience):
                return await super().read_response(disable_decoding, **options)  # type: ignore[misc]
        except TimeoutError as error:
            raise RedisTimeoutError("Redis did not answer in time") from error

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        try:
            await super().send_packed_command(command, check_health)  # type: ignore[misc]
        except RuntimeError as error:
            raise RedisConnectionError("the server closed the connection") from error


class _Pool(BlockingConnectionPool):
    """Waits for a free connection with patience, too."""

    def __init__(self, *, patience: float, **options: Any) -> None:
        super().__init__(patience=patience, **options)
        self._patience = patience

    async def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> Any:
        try:
            async with Patience(self._patience), self._condition:
                await self._condition.wait_for(self.can_get_connection)
                connection = self.get_available_connection()  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            raise RedisConnectionError("no connection is free") from error
        try:
            await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection


def connect(url: str, *, timeout_ms: int = 1000, max_connections: int = 100) -> Client:
    """A client that waits ``timeout_ms`` at most for a connection, and as long again for an answer."""
    seconds = timeout_ms / 1000
    pool = _Pool.from_url(
        url,
        max_connections=max_connections,
        patience=seconds,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    pool.connection_class = type("Connection", (_Connection, pool.connection_class), {})
    return Redis(connection_pool=pool)


def is_away(error: BaseException) -> bool:
    return isinstance(error, _AWAY)


class Breaker:
    """Opens after ``failures`` in a row; then lets one trial through every ``seconds``.

    Calls that were under way together fail together, and count once.
    """

    def __init__(
        self, failures: int = 2, seconds: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._monotonic = monotonic
        self._failed = 0
        self._failed_at = -1.0
        self._retry_at = 0.0

    @property
    def open(self) -> bool:
        return self._failed >= self._limit and self._monotonic() < self._retry_at

    async def call(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Raises RedisAway when open or when the attempt found Redis away."""
        if self.open:
            raise RedisAway
        started = self._monotonic()
        if self._failed >= self._limit:
            self._retry_at = started + self._seconds
        try:
            result = await attempt()
        except _AWAY as error:
            self._failure(started)
            raise RedisAway from error
        self._failed = 0
        return result

    def _failure(self, started: float) -> None:
        now = self._monotonic()
        if started >= self._failed_at:
            self._failed += 1
            self._failed_at = now
        self._retry_at = now + self._seconds


class Script:
    """A Lua script by its hash; sent whole only where the server does not know it yet."""

    def __init__(self, redis: Client, source: str) -> None:
        self._script = redis.register_script(source)

    async def __call__(self, keys: list[str], args: list[str | int | float]) -> Any:
        return await self._script(keys=keys, args=args)


__all__ = ["Breaker", "Client", "RedisAway", "RedisError", "Script", "connect", "is_away"]
