"""Which loopback port an embedded server listens on: the same one after every restart."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_FROM, _TO = 20_000, 30_000
"""Below the range the system gives to outgoing connections. Inside it, a client that keeps trying to
reach a dead server can be given the server's own port, and the server can then never come back."""

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    for _ in range(200):
        port = random.randrange(_FROM, _TO)
        if is_free(port):
            return port
    raise OSError(f"no free port between {_FROM} and {_TO}")


def remembered_port(directory: Path) -> int:
    """The port kept in ``directory``; another one if somebody else has taken it meanwhile."""
    file = directory / "port"
    kept = int(file.read_text()) if file.exists() else 0
    if kept and is_free(kept):
        return kept
    port = free_port()
    file.write_text(f"{port}\n")
    return port
