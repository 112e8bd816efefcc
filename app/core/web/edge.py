"""The outermost layer of HTTP: request ids, load shedding, the access log and the request metrics.

Plain ASGI, because it runs on every request. Webhooks and check-ins are never shed: a provider that is
told to come back later may not, and a guest at the door must get in.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from secrets import token_hex
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from app.core.errors import Overloaded
from app.core.logging import AccessLog
from app.core.web.headers import Protection
from app.core.web.problems import render

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUESTS = Counter("usher_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("usher_http_request_seconds", "Time to answer", ["route"])
SHED = Counter("usher_http_shed_total", "Requests refused because too many were in flight")
IN_FLIGHT = Gauge("usher_http_in_flight", "Requests being worked on", multiprocess_mode="livesum")

_NEVER_SHED = re.compile(r"^/(api/v1/(webhooks/|events/[^/]+/checkins)|health/|metrics)")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")


class Edge:
    def __init__(
        self, app: App, max_in_flight: int, log_requests: bool = True, *, https: bool = False
    ) -> None:
        self._app = app
        self._protection = Protection(https=https)
        self._max = max_in_flight
        self._log = AccessLog() if log_requests else None
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            if scope["type"] == "lifespan" and self._log:
                self._log.flush()
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id, scope["path"], self._protection)
        if self._in_flight >= self._max and not _NEVER_SHED.match(scope["path"]):
            SHED.inc()
            await render(Overloaded(), request_id)(scope, receive, answer)
            return
        await self._serve(scope, receive, answer)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        started = time.perf_counter()
        self._in_flight += 1
        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, answer)
        finally:
            self._in_flight -= 1
            IN_FLIGHT.dec()
            self._record(scope, answer.status, time.perf_counter() - started, answer.request_id)

    def _record(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        count, observe = _meters(method, route, status)
        count()
        observe(seconds)
        if self._log:
            self._log.request(method, route, status, seconds, request_id)


class _Answer:
    """Adds our headers to the response and remembers its status."""

    def __init__(self, send: Send, request_id: str, path: str, protection: Protection) -> None:
        self._send = send
        self._path = path
        self._protection = protection
        self.request_id = request_id
        self.status = 500

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message["headers"]
            added = self._protection.added(self._path, given)
            message = {**message, "headers": [*given, (b"x-request-id", self.request_id.encode()), *added]}
        await self._send(message)


@cache
def _meters(method: str, route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Looking up a metric's labels takes longer than counting. There are few: routes are templates."""
    return REQUESTS.labels(method, route, str(status)).inc, SECONDS.labels(route).observe


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value.decode())
    return token_hex(16)
