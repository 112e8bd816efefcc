"""Asks the API whether it is ready, with nothing but a socket: the supervisor loads no HTTP library."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

_SECONDS = 5.0


async def answers_ready(url: str) -> bool:
    """A connection of its own each time; one that no process accepts yet simply waits its time out."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _status(url, "/health/ready") == 200
    except (OSError, TimeoutError):
        return False


async def _status(url: str, path: str) -> int:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        words = (await reader.readline()).split()
        return int(words[1]) if len(words) > 1 else 0
    finally:
        writer.close()
