"""The pages of lines. They catch every short address, so they are mounted last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import FastAPI
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse

from app.core.errors import NotFound
from app.queues.slugs import is_reserved, is_slug
from app.web.built import Built
from app.web.page import headers

_HEADERS = headers(images="'self'")
_STAFF_HEADERS = headers(images="'self' blob:")
"""A QR code is fetched with the staff's token, which an address in an <img> cannot carry."""

Exists = Callable[[str], Awaitable[bool]]
Slug = Annotated[str, InPath(max_length=100)]


def mount_line_pages(app: FastAPI, exists: Exists, built: Built | None = None) -> None:
    """``exists``: whether a line has this slug."""
    pages = _Pages(built or Built(), exists)
    for path, endpoint in (
        ("/assets/{name}", pages.built.asset),
        ("/{slug}", pages.line),
        ("/{slug}/join", pages.join),
        ("/{slug}/counter", pages.counter),
        ("/{slug}/{number:int}", pages.token),
    ):
        app.add_api_route(path, endpoint, include_in_schema=False)


class _Pages:
    """The same for everybody: numbers and secrets are the browser's and the API's business."""

    def __init__(self, built: Built, exists: Exists) -> None:
        self.built = built
        self._exists = exists

    async def line(self, slug: Slug) -> HTMLResponse:
        return await self._show("line", slug)

    async def join(self, slug: Slug) -> HTMLResponse:
        return await self._show("join", slug)

    async def token(self, slug: Slug, number: int) -> HTMLResponse:
        return await self._show("token", slug)

    async def counter(self, slug: Slug) -> HTMLResponse:
        return await self._show("counter", slug, _STAFF_HEADERS)

    async def _show(self, name: str, slug: str, given: dict[str, str] = _HEADERS) -> HTMLResponse:
        """The page itself says that there is no such line, so that a person gets no JSON to read."""
        if not is_slug(slug) or is_reserved(slug):
            raise NotFound
        status = 200 if await self._exists(slug) else 404
        return HTMLResponse(self.built.page(name), status, headers=given)
