"""What all our small pages share: nothing from elsewhere, no inline script, nothing kept by a cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi.responses import HTMLResponse

PAGES = Path(__file__).parent / "pages"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def shown(file: Path) -> Callable[[], Awaitable[HTMLResponse]]:
    """An endpoint for a page that is the same for everybody; the file is read once."""
    page = file.read_bytes()

    async def show() -> HTMLResponse:
        return HTMLResponse(page, headers=_HEADERS)

    return show
