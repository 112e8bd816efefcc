"""The sandbox's payment page: plain HTML, no script, nothing from a third party."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment

from app.core.errors import NotFound
from app.payments.providers.base import ProviderRefused
from app.payments.providers.sandbox.charges import LedgerCharge, Outcome
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import PAGE_PATH, SandboxProvider

_STYLE = """
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff; }
button { font: inherit; padding: .7rem 1.4rem; margin-right: .7rem; border: 2px solid #14532d;
         border-radius: .4rem; background: #14532d; color: #fff; cursor: pointer; }
button.other { background: #fff; color: #14532d; }
button:focus-visible, a:focus-visible { outline: 3px solid #b45309; outline-offset: 2px; }
[role=alert] { border-left: .4rem solid #b91c1c; padding-left: .8rem; }
"""
_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox payment</title>
<style>{{ style | safe }}</style>
</head>
<body>
<main>
<h1>Sandbox payment</h1>
{% if alert %}<p role="alert">{{ alert }}</p>{% endif %}
<p>{{ charge.description }}</p>
<p><strong>{{ charge.total }}</strong></p>
{% if charge.state in ("open", "failed") %}
<form method="post">
<button name="outcome" value="paid">Pay {{ charge.total }}</button>
<button name="outcome" value="declined" class="other">Decline</button>
</form>
<p>This is a test payment; no money moves.</p>
{% else %}
<p role="status">{{ "Paid. Thank you." if charge.state == "captured" else "This payment is closed." }}</p>
{% endif %}
{% if back %}<p><a href="{{ back }}">Back to your order</a></p>{% endif %}
</main>
</body>
</html>
""")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def build_router(provider_of: Callable[[Request], SandboxProvider]) -> APIRouter:
    """Mounted only where the sandbox is enabled; not part of the public API."""
    router = APIRouter(include_in_schema=False)

    @router.get(PAGE_PATH + "/{ref}")
    async def show(request: Request, ref: str) -> Response:
        return _page(await _charge(provider_of(request), ref))

    @router.post(PAGE_PATH + "/{ref}")
    async def settle(request: Request, ref: str, outcome: Annotated[Outcome, Form()]) -> Response:
        provider = provider_of(request)
        await _charge(provider, ref)
        try:
            reading = await provider.settle(ref, outcome)
        except ProviderRefused as refusal:
            return _page(await _charge(provider, ref), alert=refusal.detail, status=409)
        charge = await _charge(provider, ref)
        back = _back(charge)
        if reading.state == "captured" and back:
            return RedirectResponse(back, status_code=303)
        return _page(charge, alert="The payment was declined." if reading.state == "failed" else "")

    @router.put("/sandbox/faults", status_code=204)
    async def set_faults(request: Request, faults: Faults, ref: str | None = None) -> None:
        if not await provider_of(request).set_faults(faults, ref):
            raise NotFound

    @router.delete("/sandbox/faults", status_code=204)
    async def clear_faults(request: Request, ref: str | None = None) -> None:
        if not await provider_of(request).set_faults(None, ref):
            raise NotFound

    return router


async def _charge(provider: SandboxProvider, ref: str) -> LedgerCharge:
    try:
        return await provider.charge(ref)
    except ProviderRefused:
        raise NotFound from None


def _back(charge: LedgerCharge) -> str:
    """A link elsewhere than to a web page, ``javascript:`` above all, is never followed."""
    return charge.return_url if charge.return_url.startswith(("http://", "https://")) else ""


def _page(charge: LedgerCharge, *, alert: str = "", status: int = 200) -> HTMLResponse:
    html = _PAGE.render(charge=charge, alert=alert, back=_back(charge), style=_STYLE)
    return HTMLResponse(html, status_code=status, headers=_HEADERS)
