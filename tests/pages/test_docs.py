"""The page of all endpoints is drawn, not only served."""

from __future__ import annotations

from playwright.async_api import Browser

from tests.pages.browser import Screen
from tests.serving import Serving


async def test_the_documentation_draws_our_operations(usher: Serving, browser: Browser) -> None:
    context = await browser.new_context()
    screen = Screen(await context.new_page())

    await screen.page.goto(f"{usher.url}/docs")

    await screen.page.locator(".opblock-summary").first.wait_for()
    await screen.reads("/api/v1/events/{event_id}/orders")
    assert screen.complaints == []
    assert {url.partition("/docs")[0].partition("/openapi")[0] for url in screen.urls} == {usher.url}
    await context.close()
