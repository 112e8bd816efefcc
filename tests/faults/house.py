"""A whole installation as a fault test sees it: an API over real HTTP, and the worker's rounds by hand."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from pymongo.monitoring import CommandListener
from ulid import ULID

from app.accounts.models import Caller
from app.bootstrap import Services, build
from app.catalogue.models import Event
from app.catalogue.schemas import EventBody
from app.core.mongo import Database
from app.main import assemble
from app.settings import Mail, Mongo, Payments, Redis, Runtime, Sales, Settings, Sms

LOOPBACK = "127.0.0.1"
Build = Callable[[Settings, Sequence[CommandListener]], Services]


@dataclass(frozen=True)
class Place:
    """Where an installation's data lies. Plain, so that it can be handed to another process."""

    mongo_url: str
    redis_url: str
    database: str
    mongo_timeout_ms: int = 60_000

    @classmethod
    def new(cls, mongo_url: str, redis_url: str) -> Place:
        return cls(mongo_url, redis_url, f"test_{ULID()}".lower())

    @property
    def letters(self) -> Path:
        """Where its mails and texts go: only a worker that hears the news writes any."""
        return Path(tempfile.gettempdir()) / self.database

    def settings(self, public_url: str = "http://127.0.0.1:9") -> Settings:
        return Settings(
            runtime=Runtime(env="test", log_level="error", public_url=public_url),
            mongo=Mongo(
                mongodb_url=self.mongo_url,
                mongodb_database=self.database,
                mongo_timeout_ms=self.mongo_timeout_ms,
            ),
            redis=Redis(redis_url=self.redis_url),
            sales=Sales(bookings_per_minute=100_000),
            payments=Payments(providers="sandbox", provider_timeout_seconds=30),
            mail=Mail(email_directory=str(self.letters / "mail")),
            sms=Sms(sms_directory=str(self.letters / "texts")),
        )


@dataclass
class House:
    """``client`` speaks to the API over a real socket; webhooks of the sandbox come in the same way."""

    place: Place
    services: Services
    client: httpx.AsyncClient

    @property
    def database(self) -> Database:
        return self.services.engines.mongo.database

    async def emptied(self) -> None:
        """As new, without the time that indexes take."""
        for name in await self.database.list_collection_names():
            await self.database[name].delete_many({})


class QuietServer(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening() -> socket.socket:
    """Bound but not listening yet, so that only a process that serves can be reached."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((LOOPBACK, 0))
    return sock


def url_of(sock: socket.socket) -> str:
    return f"http://{LOOPBACK}:{sock.getsockname()[1]}"


def server_of(services: Services) -> QuietServer:
    config = uvicorn.Config(
        assemble(services), log_config=None, lifespan="on", timeout_graceful_shutdown=5, access_log=False
    )
    return QuietServer(config)


@asynccontextmanager
async def opened(
    place: Place, listeners: Sequence[CommandListener] = (), builder: Build = build
) -> AsyncIterator[House]:
    """Prepared and serving when entered; the data stays when left."""
    with listening() as sock:
        services = builder(place.settings(url_of(sock)), listeners)
        server = server_of(services)
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        try:
            while not server.started:
                assert not serving.done(), "the API did not start"
                await asyncio.sleep(0.005)
            async with httpx.AsyncClient(base_url=url_of(sock), timeout=120) as client:
                yield House(place, services, client)
        finally:
            server.should_exit = True
            await serving


async def dropped(place: Place, services: Services) -> None:
    await asyncio.to_thread(shutil.rmtree, place.letters, ignore_errors=True)
    database = services.engines.mongo.database
    await database.client.drop_database(database)


EVENT: dict[str, Any] = {
    "name": "Night of Organs",
    "description": "Three organs, one church.",
    "venue": "St Mary",
    "starts_at": "2031-05-01T19:00:00Z",
    "timezone": "Europe/Vienna",
    "currency": "EUR",
    "ticket_types": [{"name": "Standing", "price": 2500, "capacity": 4}, {"name": "Seat", "price": 4000}],
    "seating": {"sections": [{"name": "stalls", "ticket_type": "Seat", "rows": [{"name": "A", "seats": 2}]}]},
}


async def published(services: Services, **fields: Any) -> Event:
    """A published event: 4 standing places and 2 seats, unless told otherwise."""
    editor, caller = services.sales.editor, Caller(user_id="usr_admin", role="admin")
    created = await editor.create(EventBody.model_validate(EVENT | fields), caller, None)
    return (await editor.publish(created.value.id, caller, None)).value
