"""Structured logs: one JSON object a line, without personal data.

Events name facts and ids. What must never be written is struck out by key as a second fence; the first
is not to pass it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

FORBIDDEN = frozenset(
    {"password", "token", "secret", "email", "phone", "name", "code", "authorization", "client_secret"}
)
FLUSH_SECONDS = 0.05


def configure(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _strike,
            _exception,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


class AccessLog:
    """One line for each request, in the form of the others.

    Thousands a second go through here, so they skip the processors and are written together.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._on = structlog.get_logger("access").bind().is_enabled_for(logging.INFO)

    def request(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        if not self._on:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        line = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "request_id": request_id,
            "event": "request",
            "level": "info",
            "timestamp": datetime.now(UTC),
        }
        self._lines.append(orjson.dumps(line, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        sys.stderr.buffer.write(b"".join(lines))
        sys.stderr.buffer.flush()


def _strike(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key in FORBIDDEN & event.keys():
        event[key] = "***"
    return event


def _exception(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Where it happened, not what it said: messages of foreign errors may quote their input."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["trace"] = _frames(error)
        event["cause"] = type(error.__cause__).__name__ if error.__cause__ else None
    return event


def _frames(error: BaseException) -> list[str]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        frames.append(f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-12:]


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)
