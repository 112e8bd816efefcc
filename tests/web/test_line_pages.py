"""How the built pages are served: without Vite having run, squeezed where it pays, and never too long."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.core.web.problems import install
from app.web.built import Built
from app.web.lines import mount_line_pages

LONG = b"export const words = 'the same again and again';" * 40


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "line-B4d.js").write_bytes(LONG)
    (tmp_path / "assets" / "icon.svg").write_bytes(b"<svg/>")
    for name in ("line", "join", "token", "counter"):
        (tmp_path / f"{name}.html").write_text(f"<title>{name}</title>")
    return tmp_path


async def only_bakery(slug: str) -> bool:
    return slug == "bakery"


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(app)
    mount_line_pages(app, only_bakery, Built(directory))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name"),
    [("/bakery", "line"), ("/bakery/join", "join"), ("/bakery/17", "token"), ("/bakery/counter", "counter")],
)
async def test_a_line_has_its_pages(directory: Path, path: str, name: str) -> None:
    async with served(directory) as client:
        page = await client.get(path)
        assert (page.status_code, page.text) == (200, f"<title>{name}</title>")
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        absent = await client.get(path.replace("bakery", "butcher"))
        assert (absent.status_code, absent.text) == (404, page.text)


@pytest.mark.parametrize("path", ["/orders", "/api", "/favicon.ico", "/UPPER", "/bakery/x", "/a--b/../c.php"])
async def test_what_cannot_be_a_line_gets_no_page(directory: Path, path: str) -> None:
    async with served(directory) as client:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "<title>" not in answer.text


async def test_assets_are_squeezed_for_who_can_read_it_and_kept(directory: Path) -> None:
    async with served(directory) as client:
        squeezed = await client.get("/assets/line-B4d.js")
        assert squeezed.headers["content-encoding"] == "gzip"
        assert squeezed.content == LONG
        assert int(squeezed.headers["content-length"]) == len(gzip.compress(LONG, mtime=0))
        plain = await client.get("/assets/line-B4d.js", headers={"Accept-Encoding": "identity"})
        assert plain.content == LONG
        assert "content-encoding" not in plain.headers
        assert {answer.headers["vary"] for answer in (squeezed, plain)} == {"Accept-Encoding"}
        assert "immutable" in plain.headers["cache-control"]
        icon = await client.get("/assets/icon.svg")
        assert (icon.headers["content-type"], "immutable" in icon.headers["cache-control"]) == (
            "image/svg+xml",
            False,
        )
        assert (await client.get("/assets/line.html")).status_code == 404


async def test_where_nothing_was_built_the_pages_say_so(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        answer = await client.get("/bakery")
        assert (answer.status_code, "make web" in answer.text) == (503, True)
