"""/health and /metrics, for whoever runs this."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from pydantic import BaseModel

from app.core.health import Health
from app.core.web.provide import provided

router = APIRouter(tags=["operations"])

TIMEOUT_SECONDS = 2.0
State = Literal["ok", "failing"]


class Readiness(BaseModel):
    """``redis`` failing does not make us unready: sales go on without it."""

    status: State
    mongodb: State
    redis: State
    clock: State


@router.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/health/ready", responses={503: {"model": Readiness, "description": "MongoDB or clock failing"}})
async def ready(response: Response, health: Annotated[Health, provided(Health)]) -> Readiness:
    """Names the dependency that fails."""
    mongodb, redis = await asyncio.gather(_answers(health.mongodb()), _answers(health.redis()))
    clock = mongodb and health.clock_agrees()
    if not (mongodb and clock):
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    return Readiness(
        status=_state(mongodb and clock), mongodb=_state(mongodb), redis=_state(redis), clock=_state(clock)
    )


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(_registry()), media_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """Of all processes together where they share PROMETHEUS_MULTIPROC_DIR, else of this one."""
    together = CollectorRegistry()
    try:
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    except ValueError:
        return REGISTRY
    return together


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await asyncio.wait_for(question, TIMEOUT_SECONDS)
    except Exception:
        return False
    return True


def _state(well: bool) -> State:
    return "ok" if well else "failing"
