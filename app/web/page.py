"""What all our small pages share: nothing from elsewhere, no inline script, nothing kept by a cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi.responses import HTMLResponse

PAGES = Path(__file__).parent / "pages"


def headers(images: str = "'none'") -> dict[str, str]:
    """``images``: where they may come from, in the words of a Content-Security-Policy."""
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            f"img-src {images}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
    }


def shown(file: Path) -> Callable[[], Awaitable[HTMLResponse]]:
    """An endpoint for a page that is the same for everybody; the file is read once."""
    page, given = file.read_bytes(), headers()

    async def show() -> HTMLResponse:
        return HTMLResponse(page, headers=given)

    return show
