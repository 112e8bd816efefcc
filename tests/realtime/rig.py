"""API processes that serve sockets, and a worker that emits, in one loop on real servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import socketio
import uvicorn
from fastapi import FastAPI

from app.core.errors import NotFound
from app.core.redis import Client
from app.realtime.admin import AdminNamespace
from app.realtime.emitter import Emitter
from app.realtime.fanout import FanOut
from app.realtime.listeners import LinesListener, LiveListener, SalesListener, Totals
from app.realtime.live import LiveNamespace, Sights
from app.realtime.seq import Sequences
from app.realtime.server import LiveServer
from app.realtime.watching import Watching
from tests.accounts.house import House

State = dict[str, Any]


class World:
    """What the services below would tell: orders, payments, availability, lines, tokens."""

    def __init__(self) -> None:
        self.orders: dict[str, State] = {}
        self.payments: dict[str, State] = {}
        self.sold: dict[str, int] = {}
        self.lines: dict[str, State] = {}
        """By id."""
        self.tokens: dict[str, State] = {}
        self.reads = 0
        self.line_reads = 0

    async def read_orders(self, ids: Sequence[str]) -> dict[str, State]:
        self.reads += 1
        return {order: self.orders[order] for order in ids if order in self.orders}

    async def read_payments(self, ids: Sequence[str]) -> dict[str, State]:
        return {payment: self.payments[payment] for payment in ids if payment in self.payments}

    async def availability(self, event_id: str) -> State:
        if event_id not in self.sold:
            raise NotFound
        sold = self.sold[event_id]
        return {"event_id": event_id, "as_of": datetime.now(UTC), "sold": sold}

    async def open_order(self, order_id: str, secret: str) -> State:
        if order_id not in self.orders or secret != f"secret of {order_id}":
            raise NotFound
        return self.orders[order_id]

    async def find_line(self, name: str) -> str:
        for line in self.lines.values():
            if name in (line["id"], line["slug"]):
                return str(line["id"])
        raise NotFound

    async def line(self, service_id: str) -> State:
        self.line_reads += 1
        return self.lines[service_id] | {"as_of": datetime.now(UTC)}

    async def read_tokens(self, ids: Sequence[str]) -> dict[str, State]:
        self.reads += 1
        return {token: self.tokens[token] for token in ids if token in self.tokens}

    async def open_token(self, token_id: str, secret: str) -> State:
        if token_id not in self.tokens or secret != f"secret of {token_id}":
            raise NotFound
        return self.tokens[token_id] | {"alias": "brave-otter"}

    async def stats(self, events: Sequence[str] | None = None) -> State:
        counted = [o for o in self.orders.values() if events is None or o.get("event_id") in events]
        return {"orders": len(counted), "version": len(counted)}


@dataclass
class Listening:
    """A client that keeps what it hears."""

    client: Any
    heard: list[tuple[str, State]] = field(default_factory=list)

    def of(self, event: str) -> list[State]:
        return [payload for name, payload in self.heard if name == event]

    async def hears(self, event: str, n: int = 1, *, seconds: float = 60.0) -> State:
        async with asyncio.timeout(seconds):
            while len(self.of(event)) < n:  # noqa: ASYNC110 — the library has no event to wait for.
                await asyncio.sleep(0.02)
        return self.of(event)[n - 1]

    async def hears_of(self, event: str, *, seconds: float = 60.0, **fields: Any) -> State:
        """The first such payload in which all of these stand."""
        n = 1
        while True:
            payload = await self.hears(event, n, seconds=seconds)
            if all(payload.get(name) == value for name, value in fields.items()):
                return payload
            n += 1

    async def call(self, event: str, data: Any, namespace: str = "/live") -> Any:
        return await self.client.call(event, data, namespace=namespace, timeout=60)


class Rig:
    def __init__(self, world: World, house: House, redis: Client, redis_url: str) -> None:
        self.world = world
        self.house = house
        self.redis = redis
        self.redis_url = redis_url
        self._fanout = FanOut(redis_url, write_only=True)
        self.emitter = Emitter(self._fanout, Sequences(redis))
        watching, totals = Watching(redis), Totals(redis, self.emitter, world.stats)
        sales = SalesListener(
            redis,
            self.emitter,
            watching,
            totals,
            orders=world.read_orders,
            payments=world.read_payments,
            availability=world.availability,
        )
        lines = LinesListener(
            redis,
            self.emitter,
            watching,
            line=world.line,
            tokens=world.read_tokens,
            own_tokens=world.read_tokens,
        )
        self.listener = LiveListener(self.emitter, watching, sales, lines, totals)

    async def aclose(self) -> None:
        await self.listener.aclose()
        await self._fanout.aclose()

    @asynccontextmanager
    async def serving(self, *, heartbeat: float = 15.0, recheck: float = 0.2) -> AsyncIterator[str]:
        """One API process; its URL."""
        live = self._live_server(heartbeat, recheck)
        app = FastAPI()
        app.add_api_route("/health/live", _alive)
        config = uvicorn.Config(live.around(app), log_level="critical", lifespan="off", ws_max_size=64 * 1024)
        server = uvicorn.Server(config)
        listening = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await live.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            await live.aclose()
            server.should_exit = server.force_exit = True
            await serving
            listening.close()

    def _live_server(self, heartbeat: float, recheck: float) -> LiveServer:
        sequences, watching, world = Sequences(self.redis), Watching(self.redis), self.world
        sights = Sights(world.availability, world.open_order, world.find_line, world.line, world.open_token)
        return LiveServer(
            FanOut(self.redis_url),
            sequences,
            watching,
            LiveNamespace(sequences, watching, sights),
            AdminNamespace(sequences, watching, self.house.callers, world.stats),
            public_url="https://tickets.example",
            heartbeat_seconds=heartbeat,
            recheck_seconds=recheck,
        )


@asynccontextmanager
async def connected(
    url: str, namespace: str = "/live", *, auth: Any = None, origin: str = ""
) -> AsyncIterator[Listening]:
    client = socketio.AsyncClient(reconnection=False)
    listening = Listening(client)

    async def on_any(event: str, payload: State) -> None:
        listening.heard.append((event, payload))

    async def on_disconnect(*_: Any) -> None:
        listening.heard.append(("disconnect", {}))

    client.on("*", on_any, namespace=namespace)
    client.on("disconnect", on_disconnect, namespace=namespace)
    headers = {"Origin": origin} if origin else {}
    try:
        await client.connect(
            url, headers, auth=auth, transports=["websocket"], namespaces=[namespace], wait_timeout=60
        )
        yield listening
    finally:
        await client.disconnect()


async def _alive() -> dict[str, bool]:
    return {"ok": True}
