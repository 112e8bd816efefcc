"""The Socket.IO server of an API process: two namespaces, heartbeats, and who may connect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
from socketio import ASGIApp, AsyncServer

from app.core.tasks import end
from app.realtime import packing
from app.realtime.admin import AdminNamespace
from app.realtime.fanout import FanOut
from app.realtime.frames import App, FrameGate
from app.realtime.live import LiveNamespace
from app.realtime.rooms import ADMIN, LIVE, is_ours
from app.realtime.seq import Sequences
from app.realtime.watching import Watching

MAX_FRAME_BYTES = 16 * 1024
HEARTBEAT_SECONDS = 15.0
RECHECK_SECONDS = 2.0

log = structlog.get_logger("realtime")


class LiveServer:
    def __init__(
        self,
        fanout: FanOut,
        sequences: Sequences,
        watching: Watching,
        live: LiveNamespace,
        admin: AdminNamespace,
        *,
        public_url: str,
        origins: Sequence[str] = (),
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        recheck_seconds: float = RECHECK_SECONDS,
    ) -> None:
        self._fanout = fanout
        self._sequences = sequences
        self._watching = watching
        self._admin = admin
        self._origins = {_origin(url) for url in (public_url, *origins)}
        self._heartbeat_seconds = heartbeat_seconds
        self._recheck_seconds = recheck_seconds
        self._tasks: list[asyncio.Task[None]] = []
        self._sio = AsyncServer(
            async_mode="asgi",
            client_manager=fanout,
            transports=["websocket"],
            json=packing,
            max_http_buffer_size=MAX_FRAME_BYTES,
            cors_allowed_origins=self._is_ours,
            namespaces=[LIVE, ADMIN],
            # What clients do wrong is no news of ours, and lines they write are no lines for our logs.
            logger=_quiet("usher.socketio"),
            engineio_logger=_quiet("usher.engineio"),
        )
        self._sio.register_namespace(live)
        self._sio.register_namespace(admin)

    def around(self, app: App) -> App:
        """The outermost application: Socket.IO's path is served here, all else by ``app``."""
        return FrameGate(ASGIApp(self._sio, other_asgi_app=app))

    async def start(self) -> None:
        """Listens before the first socket comes, where the library would begin with it."""
        self._sio.manager_initialized = True
        self._fanout.initialize()
        rounds = (
            (self._heartbeat_seconds, self.beat),
            (self._recheck_seconds, self._admin.put_out_strangers),
        )
        self._tasks = [asyncio.create_task(_every(seconds, run)) for seconds, run in rounds]

    async def aclose(self) -> None:
        for task in self._tasks:
            await end(task)
        await self._sio.shutdown()
        await self._fanout.aclose()

    async def beat(self) -> None:
        """Repeats the seq of each room somebody watches here, and says that it is watched."""
        rooms = [(namespace, room) for namespace in (LIVE, ADMIN) for room in self._rooms(namespace)]
        names = [room for _, room in rooms]
        await self._watching.mark(names)
        seqs = await self._sequences.read(names)
        for namespace, room in rooms:
            beat = {"room": room, "seq": seqs[room]}
            await self._sio.emit("heartbeat", beat, room=room, namespace=namespace, ignore_queue=True)

    def _rooms(self, namespace: str) -> list[str]:
        return [room for room in self._sio.manager.rooms.get(namespace, {}) if is_ours(room)]

    def _is_ours(self, origin: str | None, environ: dict[str, Any]) -> bool:
        """Pages of ours: of the public URL, of the list, or of the very host that was asked."""
        if not origin:
            return True  # Not a browser.
        return _origin(origin) in self._origins or urlsplit(origin).netloc == environ.get("HTTP_HOST")


async def _every(seconds: float, run: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await run()
        except Exception as error:
            log.warning("live_round_failed", error=type(error).__name__, exc_info=error)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _quiet(name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    logger.setLevel(logging.CRITICAL)
    return logger
