"""One API process under uvicorn."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn

from app.settings import Runtime
from app.supervisor.limits import raise_open_files

_FRAME_BYTES = 64 * 1024
"""More than Socket.IO accepts, far less than uvicorn would buffer before it is asked."""
_DRAIN_SECONDS = 10
"""Requests under way may end; after that they are cut, and clients repeat them with their key."""
_KEEP_ALIVE_SECONDS = 30
_GOODBYE_STEPS = 50
_GOODBYE_STEP_SECONDS = 0.02


class DrainingServer(uvicorn.Server):
    """Fails no request on its way out.

    uvicorn's own shutdown closes every connection that has no request in it at that moment, and a request
    may be on the wire. So the last answers say ``connection: close`` first, and clients go elsewhere.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for _ in range(_GOODBYE_STEPS):
            if self.force_exit or not self.server_state.connections:
                break
            await asyncio.sleep(_GOODBYE_STEP_SECONDS)
        await super().shutdown(sockets)


def run(application: str, *, host: str, port: int, fd: int | None) -> None:
    """``application`` is a factory, ``package.module:name``. ``fd`` is an inherited listening socket."""
    raise_open_files()
    proxies = Runtime().trusted_proxies
    config = uvicorn.Config(
        application,
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        ws_max_size=_FRAME_BYTES,
        # Compressed for each watcher by itself, one payload for thousands would be thousands of payloads.
        ws_per_message_deflate=False,
        # Engine.IO asks by itself who is still there.
        ws_ping_interval=None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = DrainingServer(config)
    server.run(sockets=None if fd is None else [socket.socket(fileno=fd)])
    if not server.started:
        sys.exit(1)
