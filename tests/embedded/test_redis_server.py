"""The embedded Redis: answers, keeps its port, writes nothing to disk."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from app.embedded.ports import LOOPBACK
from app.embedded.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.process


async def ask(server: RedisServer, command: str) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, server.port)
    writer.write(f"{command}\r\nQUIT\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.removesuffix(b"+OK\r\n")


async def test_forgets_everything_but_its_port(tmp_path: Path) -> None:
    first = redis_server(tmp_path)
    await first.child.start()
    assert await ask(first, "SET a 1") == b"+OK\r\n"
    assert b"\r\nsave\r\n$0\r\n" in await ask(first, "CONFIG GET save")
    assert b"\r\nno\r\n" in await ask(first, "CONFIG GET appendonly")
    await first.child.stop()
    assert sorted(os.listdir(tmp_path)) == ["port", "redis.log"]

    second = redis_server(tmp_path)
    await second.child.start()
    assert second.url == first.url
    assert await ask(second, "GET a") == b"$-1\r\n"
    await second.child.kill()
