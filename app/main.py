"""The API process: routers, pages and Socket.IO mounted on one application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from app.accounts.routes import router as accounts_router
from app.admin.routes import router as admin_router
from app.bootstrap import Services, build, build_live_server
from app.catalogue.routes import router as events_router
from app.core.logging import configure
from app.core.web.body_limit import BodyLimit
from app.core.web.cors import readable_by
from app.core.web.edge import Edge
from app.core.web.mount import mount
from app.core.web.problems import PROBLEM_RESPONSES, install
from app.orders.routes import booking_router, checkout_router, desk_router, stats_router
from app.payments.providers.sandbox.pages import build_router as sandbox_router
from app.payments.providers.sandbox.provider import SandboxProvider
from app.queues.routes import counter_router, invites_router, services_router, tokens_router
from app.realtime.server import LiveServer
from app.settings import Settings
from app.web.account import mount_account_pages
from app.web.docs import mount_docs
from app.web.health import router as health_router
from app.web.lines import mount_line_pages
from app.web.order import mount_order_page
from app.webhooks.routes import router as webhooks_router

API = "/api/v1"
API_ROUTERS = (
    booking_router,
    events_router,
    desk_router,
    stats_router,
    tokens_router,
    services_router,
    counter_router,
    invites_router,
    accounts_router,
    webhooks_router,
    admin_router,
)
"""The busiest first: they are matched one after the other."""


def create_app(settings: Settings | None = None) -> Any:
    """What uvicorn serves. Settings come from the environment unless given."""
    settings = settings or Settings()
    configure(settings.runtime.log_level)
    return assemble(build(settings))


def assemble(services: Services) -> Any:
    settings = services.engines.settings
    live = build_live_server(services)
    app = FastAPI(
        title="Usher",
        version="0.1.0",
        description="Sells places and runs lines.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
        lifespan=lambda _: _lifespan(services, live),
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.provided = services.provided
    app.state.services = services
    install(app)
    _mount(app, services.sales.providers)
    mount_line_pages(app, services.lines.directory.known)
    runtime = settings.runtime
    inner = readable_by(runtime.origins, BodyLimit(app, runtime.max_body_bytes))
    https = runtime.public_url.startswith("https://")
    return live.around(Edge(inner, runtime.max_in_flight, https=https))


def _mount(app: FastAPI, providers: Mapping[str, Any]) -> None:
    for router in API_ROUTERS:
        mount(app, router, API)
    app.include_router(checkout_router)
    app.include_router(health_router)
    sandbox = providers.get("sandbox")
    if isinstance(sandbox, SandboxProvider):
        app.include_router(sandbox_router(lambda _: sandbox))
    mount_docs(app)
    mount_account_pages(app)
    mount_order_page(app)


@asynccontextmanager
async def _lifespan(services: Services, live: LiveServer) -> AsyncIterator[None]:
    await services.prepare()
    await services.accounts.revocations.start()
    await live.start()
    upkeep = asyncio.create_task(services.upkeep(), name="upkeep")
    try:
        yield
    finally:
        upkeep.cancel()
        await live.aclose()
        await services.accounts.revocations.stop()
        await services.close()
