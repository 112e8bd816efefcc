"""Who a request comes from: what the connection says, unless a proxy we named says otherwise."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from app.embedded.leash import leash

RUN = "from app.supervisor.api import run; run('tests.core.echo:create', host='', port=0, fd={fd})"
FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


@contextmanager
def echoing(trusted: str) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    fd = listening.fileno()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(fd=fd)],
        env={**os.environ, "USHER_TRUSTED_PROXIES": trusted, "FORWARDED_ALLOW_IPS": "*"},
        pass_fds=[fd],
        preexec_fn=leash(),
    )
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
        process.terminate()
        process.wait(120)


@pytest.mark.process
@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ("", "127.0.0.1 http"),
        ("10.0.0.0/8", "127.0.0.1 http"),
        ("127.0.0.1", "203.0.113.9 https"),
        ("10.0.0.0/8, 127.0.0.0/8", "203.0.113.9 https"),
    ],
)
def test_only_named_proxies_are_believed(trusted: str, seen: str) -> None:
    with echoing(trusted) as url:
        assert httpx.get(url, headers=FORWARDED, timeout=120).text == seen


@pytest.mark.process
def test_a_client_cannot_put_itself_behind_somebody_else() -> None:
    """The last address that is no proxy of ours counts, whatever was written before it."""
    with echoing("127.0.0.1") as url:
        chain = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
        assert httpx.get(url, headers=chain, timeout=120).text == "203.0.113.9 http"
