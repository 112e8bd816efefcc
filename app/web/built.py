"""The pages that Vite builds from ``web/``: read once, served from memory.

They stand in no repository. Where they were not built the API does without them and says so.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import Request, Response

from app.core.errors import NotFound, Transient

log = structlog.get_logger("web")

BUILT = Path(__file__).with_name("built")
ICON = "icon.svg"
_MEDIA = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_LEAST_WORTH = 600
"""Bytes from which compressing is worth a phone's while."""
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_DAY = "public, max-age=86400"


@dataclass(frozen=True, slots=True)
class _Asset:
    plain: bytes
    squeezed: bytes | None
    media: str
    cache: str

    def answer(self, request: Request) -> Response:
        headers = {"Cache-Control": self.cache, "Vary": "Accept-Encoding"}
        if self.squeezed is None or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.plain, media_type=self.media, headers=headers)
        return Response(self.squeezed, media_type=self.media, headers=headers | {"Content-Encoding": "gzip"})


class Built:
    def __init__(self, directory: Path = BUILT) -> None:
        files = sorted(directory.glob("assets/*"))
        self._assets = {file.name: _asset(file) for file in files}
        self._pages = {file.stem: file.read_bytes() for file in directory.glob("*.html")}
        if not self._pages:
            log.warning("pages_not_built", remedy="make web")

    def page(self, name: str) -> bytes:
        try:
            return self._pages[name]
        except KeyError:
            raise Transient("the pages are not built: make web") from None

    async def asset(self, name: str, request: Request) -> Response:
        """Their names change with their content."""
        if (asset := self._assets.get(name)) is None:
            raise NotFound
        return asset.answer(request)


def _asset(file: Path) -> _Asset:
    plain = file.read_bytes()
    squeezed = gzip.compress(plain, mtime=0) if len(plain) >= _LEAST_WORTH else None
    return _Asset(plain, squeezed, _MEDIA[file.suffix], _FOR_A_DAY if file.name == ICON else _FOR_EVER)
