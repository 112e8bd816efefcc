"""The endpoint that a provider's webhooks arrive at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.payments.providers.base import Notice, Provider, Unverified
from tests.fakes.stripe_server import listening_socket, serving


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.refusals = 0
        """How many deliveries are answered with 500 first."""

    async def take(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        if self.refusals > 0:
            self.refusals -= 1
            return Response(status_code=500)
        return Response(status_code=202)

    async def notices(self, provider: Provider) -> list[Notice]:
        """Raises when one of them is not genuine."""
        return [await provider.verify(headers, body) for headers, body in self.received]

    async def refused_by(self, provider: Provider) -> int:
        refused = 0
        for headers, body in self.received:
            try:
                await provider.verify(headers, body)
            except Unverified:
                refused += 1
        return refused


@asynccontextmanager
async def receiving(path: str = "/api/v1/webhooks/sandbox") -> AsyncIterator[Receiver]:
    listener = listening_socket()
    receiver = Receiver(f"http://127.0.0.1:{listener.getsockname()[1]}")
    app = Starlette(routes=[Route(path, receiver.take, methods=["POST"])])
    async with serving(app, listener):
        yield receiver
