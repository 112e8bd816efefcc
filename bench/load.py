"""What to ask for, how often and by how many; asked by a generator process (``generator.py``)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.generator import NUMBER, TOKEN

NUMBER_MARK = NUMBER.decode()
TOKEN_MARK = TOKEN.decode()
_NUMBER_LENGTH = 9


@dataclass(frozen=True)
class Load:
    """Until ``requests`` were answered, or for ``seconds`` (whichever is not 0)."""

    template: str
    connections: int = 32
    requests: int = 0
    seconds: float = 0.0
    warm_up: float = 0.0
    tokens: Sequence[str] = ()
    first: int = 0


@dataclass(frozen=True)
class Outcome:
    statuses: Mapping[str, int]
    seconds: float
    latency: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def rate(self, status: str) -> float:
        """Answers with ``status`` a second. Any other answer spoils the measurement."""
        others = {code: n for code, n in self.statuses.items() if code != status}
        if others:
            raise AssertionError(f"expected only {status}, got {dict(self.statuses)}")
        return self.statuses[status] / self.seconds


async def run(load: Load, port: int) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.generator", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    spec = {**load.__dict__, "tokens": list(load.tokens), "port": port}
    printed, _ = await process.communicate(json.dumps(spec).encode())
    if process.returncode:
        raise AssertionError("the load generator failed")
    found: dict[str, Any] = json.loads(printed)
    if found["lost"]:
        raise AssertionError(f"{found['lost']} connections were lost")
    latency = {name: found[name] for name in ("all", "first_tenth", "last_tenth")}
    return Outcome(found["statuses"], found["seconds"], latency)


def get(path: str, headers: Mapping[str, str] | None = None) -> str:
    return _request("GET", path, headers or {}, "")


def post(path: str, body: Any, headers: Mapping[str, str] | None = None) -> str:
    return _request("POST", path, {"Content-Type": "application/json", **(headers or {})}, body)


def _request(method: str, path: str, headers: Mapping[str, str], body: Any) -> str:
    text = (
        json.dumps(body, separators=(",", ":"), ensure_ascii=False).replace("\\u0000", "\0") if body else ""
    )
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    if body:
        marks = text.count(NUMBER_MARK)
        length = len(text.encode()) + marks * (_NUMBER_LENGTH - len(NUMBER_MARK))
        lines.append(f"Content-Length: {length}")
    return "\r\n".join(lines) + "\r\n\r\n" + text
