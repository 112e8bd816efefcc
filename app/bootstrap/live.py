"""The sockets: served by API processes, told by workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from app.bootstrap.services import Services
from app.realtime.admin import AdminNamespace
from app.realtime.emitter import Emitter
from app.realtime.fanout import FanOut
from app.realtime.listeners import LinesListener, LiveListener, SalesListener, Totals
from app.realtime.live import LiveNamespace, Sights
from app.realtime.seq import Sequences
from app.realtime.server import LiveServer
from app.realtime.watching import Watching


def build_live_server(services: Services) -> LiveServer:
    """The sockets of one API process."""
    engines, feed, lines = services.engines, services.sales.feed, services.lines.feed
    sequences, watching = Sequences(engines.redis), Watching(engines.redis)
    sights = Sights(_availability(services), feed.own_order, lines.find, lines.line, lines.own_token)
    live = LiveNamespace(sequences, watching, sights)
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
    engines, feed, lines = services.engines, services.sales.feed, services.lines.feed
    emitter = Emitter(FanOut(engines.settings.redis.redis_url, write_only=True), Sequences(engines.redis))
    watching = Watching(engines.redis)
    totals = Totals(engines.redis, emitter, feed.totals)
    of_sales = SalesListener(
        engines.redis,
        emitter,
        watching,
        totals,
        orders=feed.orders,
        payments=feed.payments,
        availability=_availability(services),
    )
    of_lines = LinesListener(
        engines.redis, emitter, watching, line=lines.line, tokens=lines.tokens, own_tokens=lines.own_tokens
    )
    return LiveListener(emitter, watching, of_sales, of_lines, totals)


def _availability(services: Services) -> Callable[[str], Awaitable[dict[str, Any]]]:
    async def read(event_id: str) -> dict[str, Any]:
        return (await services.sales.availability.snapshot(event_id)).model_dump(mode="json")

    return read
