"""A served Usher, its staff over the API, and as many phones as one likes."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.async_api import Browser, Page, ViewportSize
from ulid import ULID

from tests.pages.browser import PHONE, Screen
from tests.serving import Serving

Json = dict[str, Any]


class House:
    def __init__(self, usher: Serving, browser: Browser) -> None:
        self.url = usher.url
        self.admin: Json = usher.run["admin"]
        self._browser = browser
        self._client = httpx.AsyncClient(base_url=f"{usher.url}/api/v1", timeout=120)
        self._screens: list[Screen] = []

    async def aclose(self) -> None:
        """Where a page was unhappy, so are we."""
        await self._client.aclose()
        for screen in self._screens:
            await screen.page.context.close()
        complaints = [complaint for screen in self._screens for complaint in screen.complaints]
        assert not complaints, complaints

    async def sign_in(self) -> None:
        tokens = await self.post("/auth/signin", self.admin)
        self._client.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    async def post(self, path: str, body: Json) -> Json:
        answer = await self._client.post(path, json=body)
        assert answer.is_success, answer.text
        content: Json = answer.json()
        return content

    async def get(self, path: str) -> Json:
        answer = await self._client.get(path)
        assert answer.is_success, answer.text
        content: Json = answer.json()
        return content

    async def line(self, **settings: Any) -> Json:
        slug = f"line-{ULID()}".lower()
        body = {"name": "Harbour Bakery", "slug": slug, "timezone": "Europe/Berlin", "verify": "none"}
        return await self.post("/services", body | settings)

    async def invite(self, line: Json) -> str:
        return str((await self.get(f"/services/{line['id']}/invite"))["url"])

    async def enter(self, line: Json) -> Json:
        """By hand, and so without a secret: staff get none."""
        return await self.post(f"/services/{line['id']}/tokens", {})

    async def call(self, line: Json, counter: str = "1") -> Json:
        return await self.post(f"/services/{line['id']}/next", {"counter": counter})

    async def act(self, token: Json, action: str, **more: Any) -> Json:
        now = await self.get(f"/tokens/{token['id']}")
        return await self.post(f"/tokens/{token['id']}/{action}", {"version": now["version"], **more})

    async def screen(self, path: str = "", *, size: ViewportSize = PHONE) -> Screen:
        """Where nothing fades, a look at the colours is never a look at half of them."""
        context = await self._browser.new_context(viewport=size, reduced_motion="reduce")
        screen = self.adopt(await context.new_page())
        if path:
            await screen.page.goto(path if path.startswith("http") else self.url + path)
        return screen

    def adopt(self, page: Page) -> Screen:
        screen = Screen(page)
        self._screens.append(screen)
        return screen

    async def customer(self, line: Json) -> tuple[Screen, str]:
        """Somebody who scanned and confirmed: on the live page, and its address with the secret."""
        screen = await self.screen(await self.invite(line))
        await screen.press("Take my number")
        link = await screen.page.get_by_role("link", name="Watch my turn").get_attribute("href")
        assert link
        await screen.page.goto(self.url + link)
        await screen.reads("Your number")
        return screen, link
