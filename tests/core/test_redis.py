"""Redis is away when it does not answer, not when we were too busy to listen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from app.core.redis import Breaker, RedisAway, RedisError, connect

SECONDS = 0.5


async def _busy_while_it_answers(url: str) -> str:
    """The answer lies in the socket, and the time-out is long over, when the loop comes round again."""
    client = connect(url, timeout_ms=int(SECONDS * 1000))
    await client.ping()  # So that opening a connection is not part of it.
    command = client.execute_command("DEBUG", "SLEEP", str(SECONDS / 10))  # type: ignore[no-untyped-call]
    asked = asyncio.ensure_future(command)
    await asyncio.sleep(SECONDS / 20)
    time.sleep(SECONDS * 1.5)  # noqa: ASYNC251 — the very thing under test.
    answer = await asked
    await client.aclose()
    return str(answer)


async def _busy_while_it_connects(url: str) -> str:
    """Each of the rounds that opening a connection takes is longer than the time-out."""
    client = connect(url, timeout_ms=50)
    asked = asyncio.ensure_future(client.ping())
    for _ in range(15):
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251
    answer = await asked
    await client.aclose()
    return "OK" if answer else "?"


@pytest.mark.parametrize("busy", [_busy_while_it_answers, _busy_while_it_connects])
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
async def test_a_loop_that_was_busy_still_takes_the_answer(
    redis_url: str,
    run: Callable[[Coroutine[Any, Any, str]], str],
    busy: Callable[[str], Coroutine[Any, Any, str]],
) -> None:
    assert await asyncio.to_thread(run, busy(redis_url)) == "OK"


async def test_a_pool_that_stays_empty_says_so_and_serves_again(redis_url: str) -> None:
    client = connect(redis_url, timeout_ms=1500, max_connections=1)
    pool = client.connection_pool
    held = await pool.get_connection()
    with pytest.raises(RedisError):
        await client.ping()
    await pool.release(held)
    assert await client.ping()
    await client.aclose()


async def test_silence_is_noticed_in_time() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = connect(f"redis://127.0.0.1:{port}/0", timeout_ms=int(SECONDS * 1000))
        async with asyncio.timeout(60):
            with pytest.raises((RedisError, OSError)):
                await client.get("x")
        await client.aclose()


async def test_calls_that_fail_together_count_once() -> None:
    breaker = Breaker(failures=2, seconds=60)

    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise OSError

    for expected in (False, True):
        failed = await asyncio.gather(*(breaker.call(fail) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(error, RedisAway) for error in failed)
        assert breaker.open is expected
