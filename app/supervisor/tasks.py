"""Short commands that use the program's services once and end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.settings import Settings
from app.supervisor.surroundings import public_url, server_urls, surrounding_settings

if TYPE_CHECKING:
    from app.bootstrap import Services

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    clean: bool
    text: str


def make_admin(email: str, password: str) -> bool:
    """True if the account was made now."""

    async def make(services: Services) -> bool:
        return await services.accounts.accounts.ensure_admin(email, password)

    return asyncio.run(_with_services(Settings(), make))


def seed(directory: Path) -> str:
    """Says which events are there now, and where."""
    from app.seed import seed as put
    from app.seed import summary

    settings = surrounding_settings(directory)
    return summary(asyncio.run(_with_services(settings, put)), public_url(directory, settings))


def check(directory: Path, mongodb_url: str, redis_url: str) -> Found:
    urls = server_urls(directory, mongodb_url, redis_url)
    from app.check import main as look

    found = look(*urls)
    return Found(clean=not found["violations"], text=json.dumps(found, indent=2, default=str))


async def _with_services(settings: Settings, do: Callable[[Services], Awaitable[T]]) -> T:
    from app.bootstrap import build

    services = build(settings)
    try:
        await services.prepare()
        return await do(services)
    finally:
        await services.close()
