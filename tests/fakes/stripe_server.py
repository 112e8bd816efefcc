"""A local server that behaves like Stripe, in process or as ``python -m tests.fakes.stripe_server --port N``.

Requests under ``/v1`` are Stripe's; ``/pay/{ref}`` is the payer's page (form field ``outcome``); requests
under ``/_fake`` steer it from another process, in process the attributes of ``StripeServer`` do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes.stripe_books import Books, Object, Refusal
from tests.fakes.stripe_forms import parse
from tests.fakes.stripe_webhooks import Endpoint, Webhooks

FaultKind = Literal["error", "rate_limit", "slow", "lost", "saved_error"]


@dataclass
class Fault:
    """``error``, ``rate_limit``: nothing is done. ``slow``: done after ``seconds``, key in progress.

    ``lost``: done, answered only after ``seconds``. ``saved_error``: done, but 500 is what the key remembers.
    """

    kind: FaultKind
    match: str = ""
    """Start of ``METHOD /path``; empty matches all."""
    times: int = 1
    seconds: float = 5.0
    gate: asyncio.Event | None = None
    """``slow`` waits for it, whatever ``seconds`` says."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Saved:
    fingerprint: str
    status: int = 0
    """0 while the first request runs."""
    body: Object = field(default_factory=dict)


class StripeServer:
    def __init__(self, url: str = "") -> None:
        self.webhooks = Webhooks()
        self.books = Books(self.webhooks.tell, url)
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self._keys: dict[str, _Saved] = {}

    @property
    def url(self) -> str:
        return self.books.page_base

    def forget_keys(self) -> None:
        """As Stripe does a day later."""
        self._keys.clear()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/{path:path}", self._api, methods=["GET", "POST"]),
                Route("/pay/{ref}", self._page, methods=["GET"]),
                Route("/pay/{ref}", self._paid, methods=["POST"]),
                Route("/_fake/{what}", self._steer, methods=["GET", "POST"]),
            ],
            exception_handlers={Refusal: _refused},
        )

    async def _api(self, request: Request) -> Response:
        line = f"{request.method} {request.url.path}"
        self.requests.append(line)
        if not request.headers.get("authorization", "").startswith("Bearer sk_"):
            return JSONResponse(Refusal("Invalid API Key provided", kind="api_error").body, 401)
        text = (await request.body()).decode() if request.method == "POST" else request.url.query
        fault = self._fault(line)
        if fault and fault.kind == "error":
            return JSONResponse(Refusal("Something went wrong", kind="api_error").body, 500)
        if fault and fault.kind == "rate_limit":
            return JSONResponse(Refusal("Too many requests", code="rate_limit").body, 429)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        status, body = await self._once(key, line, text, fault)
        return JSONResponse(body, status)

    async def _once(self, key: str | None, line: str, text: str, fault: Fault | None) -> tuple[int, Object]:
        saved = self._keys.get(key or "")
        if saved is None:
            return await self._first(key, line, text, fault)
        if saved.fingerprint != f"{line}?{text}":
            return 400, Refusal("Keys are for one request only", kind="idempotency_error").body
        if saved.status == 0:
            message, code = "Another request with this key is running", "idempotency_key_in_use"
            return 409, Refusal(message, code=code, kind="idempotency_error").body
        return saved.status, saved.body

    async def _first(self, key: str | None, line: str, text: str, fault: Fault | None) -> tuple[int, Object]:
        saved = _Saved(f"{line}?{text}")
        if key:
            self._keys[key] = saved
        if fault and fault.kind == "slow":
            fault.reached.set()
            await (fault.gate.wait() if fault.gate else asyncio.sleep(fault.seconds))
        status, body = self._perform(line, parse(text))
        if fault and fault.kind == "saved_error":
            status, body = 500, Refusal("Something went wrong", kind="api_error").body
        saved.status, saved.body = status, body
        if fault and fault.kind == "lost":
            await asyncio.sleep(fault.seconds)
        return status, body

    def _perform(self, line: str, params: Object) -> tuple[int, Object]:
        expand = params.pop("expand", [])
        try:
            return 200, self.books.shown(self._route(line.split("/v1/", 1)[1], line[:4], params), expand)
        except Refusal as refusal:
            return refusal.status, refusal.body

    def _route(self, path: str, method: str, params: Object) -> Object:
        parts = path.removeprefix("checkout/").split("/")
        books = self.books
        match [method.strip(), *parts]:
            case ["POST", "sessions"]:
                return books.create_session(params)
            case ["POST", "sessions", ref, "expire"]:
                return books.expire_session(ref)
            case ["POST", "payment_intents"]:
                return books.create_intent(params)
            case ["POST", "payment_intents", ref, "cancel"]:
                return books.cancel_intent(ref)
            case ["POST", "refunds"]:
                return books.create_refund(params)
            case ["GET", "payment_intents" | "refunds" as kind]:
                return books.listed(kind[:-1], params)
            case ["GET", "sessions" | "payment_intents" | "refunds", ref]:
                return books.get(ref)
        raise Refusal("Unrecognized request URL", status=404)

    def _fault(self, line: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and line.startswith(fault.match):
                fault.times -= 1
                return fault
        return None

    async def _page(self, request: Request) -> Response:
        ref = escape(request.path_params["ref"])
        buttons = "".join(f'<button name="outcome" value="{name}">{name}</button>' for name in _OUTCOMES)
        return HTMLResponse(f'<form method="post"><p>{ref}</p>{buttons}</form>')

    async def _paid(self, request: Request) -> Response:
        async with request.form() as form:
            outcome: Any = form.get("outcome", "paid")
        source = self.books.pay(request.path_params["ref"], outcome)
        return RedirectResponse(source.get("success_url") or "/", status_code=303)

    async def _steer(self, request: Request) -> Response:
        given = json.loads(await request.body() or b"{}")
        match request.path_params["what"]:
            case "faults":
                self.faults.append(Fault(**given))
            case "endpoint":
                self.webhooks.endpoint = Endpoint(**given)
            case "redeliver":
                self.webhooks.redeliver()
            case "pay":
                return JSONResponse(self.books.shown(self.books.pay(**given), []))
            case "objects":
                return JSONResponse(self.books.objects)
            case "requests":
                return JSONResponse(self.requests)
        return JSONResponse({})


_OUTCOMES = ("paid", "declined")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse(error.body, error.status)


class _Quiet(uvicorn.Server):
    """Leaves the signals of the process that tests run in alone, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextlib.asynccontextmanager
async def running_stripe() -> AsyncIterator[StripeServer]:
    """On an ephemeral loopback port, in the loop of the caller."""
    listener = listening_socket()
    stripe = StripeServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
    async with serving(stripe.app(), listener):
        yield stripe
    await stripe.webhooks.aclose()


def listening_socket() -> socket.socket:
    """Names its protocol: asyncio leaves Nagle's 40 ms on for a socket that says 0."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


@contextlib.asynccontextmanager
async def serving(app: Callable[..., Any], listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = _Quiet(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.listening.wait()
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--webhook-secret", default="whsec_test")
    options = parser.parse_args()
    stripe = StripeServer(f"http://127.0.0.1:{options.port}")
    stripe.webhooks.endpoint = Endpoint(url=options.webhook_url, secret=options.webhook_secret)
    uvicorn.run(stripe.app(), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
