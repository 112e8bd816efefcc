"""Redis is away when it does not answer, not when we were too busy to listen."""

from __future__ import annotations

import asyncio
import time

import pytest
import uvloop

from app.core.redis import Breaker, RedisAway, RedisError, connect

SECONDS = 0.1


async def _busy_while_it_answers(url: str) -> str:
    """The answer lies in the socket, and the time-out is long over, when the loop comes round again."""
    client = connect(url, timeout_ms=int(SECONDS * 1000))
    await client.ping()  # So that opening a connection is not part of it.
    command = client.execute_command("DEBUG", "SLEEP", str(SECONDS / 2))  # type: ignore[no-untyped-call]
    asked = asyncio.ensure_future(command)
    await asyncio.sleep(SECONDS / 5)
    time.sleep(SECONDS * 3)  # noqa: ASYNC251 — the very thing under test.
    answer = await asked
    await client.aclose()
    return str(answer)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
async def test_a_loop_that_was_busy_still_takes_the_answer(redis_url: str, run: object) -> None:
    assert callable(run)
    assert await asyncio.to_thread(run, _busy_while_it_answers(redis_url)) == "OK"


async def test_silence_is_noticed_in_time() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = connect(f"redis://127.0.0.1:{port}/0", timeout_ms=int(SECONDS * 1000))
        started = time.monotonic()
        with pytest.raises((RedisError, OSError)):
            await client.get("x")
        assert time.monotonic() - started < SECONDS * 8
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
