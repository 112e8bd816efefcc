"""The one listening socket all API processes share.

The supervisor holds it too, so connections that wait in its queue outlive any single API process.
"""

from __future__ import annotations

import asyncio
import errno
import socket

from app.embedded.child import StartError

_BACKLOG = 2048
_PATIENCE = 20
"""Tries, 0.1 s apart: processes of a supervisor killed a moment ago may still hold the port."""


async def listen(host: str, port: int) -> socket.socket:
    for attempt in range(_PATIENCE):
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StartError(f"cannot listen on {host}:{port}: {error.strerror}") from error
            if attempt + 1 < _PATIENCE:
                await asyncio.sleep(0.1)
    raise StartError(f"port {port} on {host} is taken; choose another one with --port")


def url_of(listener: socket.socket) -> str:
    """How this machine reaches it."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
