"""100 uploads at once to a real process: what they cost it in memory is stated here.

The API process holds a piece of each body at a time, since bodies wait in files; pictures are unfolded in
processes of their own, as many at once as the setting says, each under a limit the kernel enforces.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import psutil
import pytest

from app.settings import Photos
from tests.accounts.identity.files import picture
from tests.serving import Serving, serving

pytestmark = pytest.mark.process

UPLOADS, PEOPLE = 100, 10
AT_ONCE = Photos().photos_at_once
API_MAY_GROW = 100 * 1024 * 1024
"""With 100 connections of clients, to MongoDB and to Redis; bodies in memory would be 180 MB on top."""
PICTURE_MAY_TAKE = 512 * 1024 * 1024
PASSWORD = "a-long-enough-password"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("photos") / "data") as usher:
        yield usher


@dataclass
class Peak:
    api: int = 0
    picture: int = 0
    pictures: int = 0


async def watch(api: psutil.Process, peak: Peak) -> None:
    while True:
        peak.api = max(peak.api, api.memory_info().rss)
        sizes = []
        for child in api.children():
            try:
                if "app.accounts.pictures" in child.cmdline():
                    sizes.append(child.memory_info().rss)
            except psutil.Error:
                continue  # It has done its work meanwhile.
        peak.pictures = max(peak.pictures, len(sizes))
        peak.picture = max(peak.picture, *sizes, 0)
        await asyncio.sleep(0.1)


async def test_a_hundred_uploads_at_once(running: Serving) -> None:
    content = picture("PNG", (860, 860))
    assert 1_700_000 < len(content) < 2_000_000
    limits = httpx.Limits(max_connections=UPLOADS)
    async with httpx.AsyncClient(base_url=f"{running.url}/api/v1", timeout=120, limits=limits) as client:
        tokens = [await signed_up(client, f"p{number}@example.com") for number in range(PEOPLE)]
        assert (await put(client, tokens[0], content)).status_code == 200
        api = api_of(running)
        peak, before = Peak(), api.memory_info().rss
        watching = asyncio.create_task(watch(api, peak))
        answers = await asyncio.gather(
            *(put(client, tokens[number % PEOPLE], content) for number in range(UPLOADS))
        )
        watching.cancel()
    assert [answer.status_code for answer in answers] == [200] * UPLOADS
    assert 0 < peak.pictures <= AT_ONCE
    assert peak.picture <= PICTURE_MAY_TAKE
    grown = peak.api - before
    print(f"API +{grown >> 20} MB, pictures {peak.pictures} of {peak.picture >> 20} MB")  # noqa: T201
    assert grown <= API_MAY_GROW


async def test_an_upload_that_breaks_off_is_no_alarm(running: Serving) -> None:
    async with httpx.AsyncClient(base_url=f"{running.url}/api/v1", timeout=60) as client:
        token = await signed_up(client, "breaks@example.com")
        url = httpx.URL(running.url)
        for _ in range(5):
            _, writer = await asyncio.open_connection(url.host, url.port)
            head = f"PUT /api/v1/me/photo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            writer.write(
                head.encode() + b"Content-Type: image/png\r\nContent-Length: 90000\r\n\r\n" + b"x" * 9000
            )
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.close()
        assert (await put(client, token, picture())).status_code == 200
    assert "unexpected" not in running.output


def api_of(running: Serving) -> psutil.Process:
    found = [process for process in running.family if "api" in process.cmdline()[2:5]]
    return min(found, key=lambda process: process.pid)


async def signed_up(client: httpx.AsyncClient, email: str) -> str:
    body = {"email": email, "password": PASSWORD, "name": "A Person"}
    return str((await client.post("/auth/signup", json=body)).json()["access_token"])


async def put(client: httpx.AsyncClient, token: str, content: bytes) -> httpx.Response:
    async def slowly() -> AsyncIterator[bytes]:
        """So that all of them are under way at the same time."""
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]
            await asyncio.sleep(0.05)

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    return await client.put("/me/photo", content=slowly(), headers=headers)
