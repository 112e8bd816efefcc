"""The sockets: served by API processes, told by workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from app.bootstrap.services import Services
from app.realtime.admin import AdminNamespace
from app.realtime.emitter import Emitter
from app.realtime.fanout import FanOut
from app.realtime.listeners import LiveListener
from app.realtime.live import LiveNamespace
from app.realtime.seq import Sequences
from app.realtime.server import LiveServer
from app.realtime.watching import Watching


def build_live_server(services: Services) -> LiveServer:
    """The sockets of one API process."""
    engines, feed = services.engines, services.sales.feed
    sequences, watching = Sequences(engines.redis), Watching(engines.redis)
    live = LiveNamespace(sequences, watching, _availability(services), feed.own_order)
    admin = AdminNamespace(sequences, watching, services.accounts.callers, feed.totals)
    return LiveServer(
        FanOut(engines.settings.redis.redis_url),
        sequences,
        watching,
        live,
        admin,
        public_url=engines.settings.runtime.public_url,
        origins=engines.settings.runtime.origins,
    )


def build_live_listener(services: Services) -> LiveListener:
    """What tells all sockets, from a worker."""
    engines, feed = services.engines, services.sales.feed
    fanout = FanOut(engines.settings.redis.redis_url, write_only=True)
    return LiveListener(
        engines.redis,
        Emitter(fanout, Sequences(engines.redis)),
        Watching(engines.redis),
        orders=feed.orders,
        payments=feed.payments,
        availability=_availability(services),
        stats=feed.totals,
    )


def _availability(services: Services) -> Callable[[str], Awaitable[dict[str, Any]]]:
    async def read(event_id: str) -> dict[str, Any]:
        return (await services.sales.availability.snapshot(event_id)).model_dump(mode="json")

    return read
