"""/docs: Swagger UI, its assets from an installed package and served by us."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

ASSETS = "/docs/assets"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def mount_docs(app: FastAPI) -> None:
    app.mount(ASSETS, StaticFiles(directory=str(files("fastapi_swagger.resources"))), name="swagger-ui")

    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Usher",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
    )
    body = bytes(page.body)
    headers = {"Content-Security-Policy": _policy(body.decode())}

    async def docs() -> HTMLResponse:
        return HTMLResponse(body, headers=headers)

    app.add_api_route("/docs", docs, include_in_schema=False)


def _policy(page: str) -> str:
    """Our own scripts and this page's inline one, by its hash. Swagger UI writes styles and draws icons."""
    digests = [hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page)]
    inline = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {inline}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
