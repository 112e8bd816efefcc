"""A real browser, and pages that remember what went wrong in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 320, "height": 640}
PATIENCE_MS = 120_000
ON_THE_WAY = ("Failed to load resource", "WebSocket connection to")


def executable() -> str:
    """In CI a missing browser fails: pages that nobody tried are not done."""
    found = os.environ.get("USHER_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    missing = "no Chromium: install the package chromium, or name one in USHER_CHROMIUM"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    path = executable()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Screen:
    """A page in a browser profile of its own. ``urls``: what the server was asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.urls: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._said)

    async def reads(self, text: str) -> None:
        """Waits until it is there to be seen."""
        await self.page.get_by_text(text).first.wait_for()

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def numbers(self) -> list[str]:
        """Of those being served, as the page shows them."""
        return await self.page.locator(".now li strong, .serving li strong").all_inner_texts()

    async def is_fit(self) -> None:
        """For everybody: no violation of axe's rules in either scheme, nothing to scroll sideways."""
        found = await self._violations()
        await self.page.emulate_media(color_scheme="dark")
        found += await self._violations("color-contrast")
        await self.page.emulate_media(color_scheme="light")
        assert not found, found
        size = self.page.viewport_size
        await self.page.set_viewport_size(SMALL_PHONE)
        assert await self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        await self.page.set_viewport_size(size or PHONE)

    async def _violations(self, *rules: str) -> list[dict[str, Any]]:
        """Axe is evaluated by the browser's tools, since our pages run no scripts but their own."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        found = await self.page.evaluate("options => axe.run(document, options)", options)
        return [
            {"rule": one["id"], "where": [node["html"][:200] for node in one["nodes"]]}
            for one in found["violations"]
        ]

    def _said(self, message: ConsoleMessage) -> None:
        """What goes wrong on the way is logged by the browser itself; all else is ours to answer for."""
        if message.type in ("error", "warning") and not message.text.startswith(ON_THE_WAY):
            self.complaints.append(message.text)
