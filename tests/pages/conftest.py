from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from app.web.built import BUILT
from tests.pages.browser import executable, running_browser
from tests.pages.house import House
from tests.serving import Serving, serving


@pytest.fixture(scope="session")
def usher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """With its worker, because what turns a page passes through it."""
    executable()
    assert (BUILT / "line.html").exists(), "the pages are not built: make web"
    with serving(tmp_path_factory.mktemp("pages") / "data") as running:
        yield running


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as browser:
        yield browser


@pytest.fixture
async def house(usher: Serving, browser: Browser) -> AsyncIterator[House]:
    house = House(usher, browser)
    await house.sign_in()
    yield house
    await house.aclose()
