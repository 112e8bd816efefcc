"""The payment page, as a browser without scripts sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from app.core.web import problems
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.pages import build_router
from app.payments.providers.sandbox.provider import SandboxProvider
from tests.payments.providers.rigs import a_charge
from tests.payments.providers.sandbox.conftest import Build


@pytest.fixture
async def browser(sandbox: SandboxProvider) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(build_router(lambda _: sandbox))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


async def _page(sandbox: SandboxProvider, return_url: str = "http://127.0.0.1/orders/1") -> tuple[str, str]:
    session = await sandbox.open(replace(a_charge(), return_url=return_url))
    assert session.url is not None
    return session.ref, httpx.URL(session.url).path


async def test_the_page_shows_what_is_paid_and_escapes_it(
    sandbox: SandboxProvider, browser: httpx.AsyncClient
) -> None:
    _, path = await _page(sandbox)
    page = await browser.get(path)
    assert page.status_code == 200
    assert "50.00 EUR" in page.text
    assert "Two seats, &lt;b&gt;stalls&lt;/b&gt;" in page.text
    assert "<script" not in page.text
    assert 'lang="en"' in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


async def test_paying_leads_back_to_the_order(sandbox: SandboxProvider, browser: httpx.AsyncClient) -> None:
    ref, path = await _page(sandbox)
    answer = await browser.post(path, data={"outcome": "paid"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://127.0.0.1/orders/1")
    assert (await sandbox.read(ref)).state == "captured"
    again = await browser.post(path, data={"outcome": "paid"})
    assert again.status_code == 303
    assert "Paid. Thank you." in (await browser.get(path)).text


async def test_after_a_decline_one_may_try_again(
    sandbox: SandboxProvider, browser: httpx.AsyncClient
) -> None:
    ref, path = await _page(sandbox)
    answer = await browser.post(path, data={"outcome": "declined"})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert "<button" in answer.text
    assert (await sandbox.read(ref)).state == "failed"
    assert (await browser.post(path, data={"outcome": "paid"})).status_code == 303


async def test_a_closed_charge_cannot_be_paid(sandbox: SandboxProvider, browser: httpx.AsyncClient) -> None:
    ref, path = await _page(sandbox)
    await sandbox.close(ref)
    answer = await browser.post(path, data={"outcome": "paid"})
    assert answer.status_code == 409
    assert "This payment is closed." in answer.text
    assert "<button" not in (await browser.get(path)).text


async def test_links_that_are_no_web_pages_are_not_offered(
    sandbox: SandboxProvider, browser: httpx.AsyncClient
) -> None:
    _, path = await _page(sandbox, return_url="javascript:alert(1)")
    answer = await browser.post(path, data={"outcome": "paid"})
    assert answer.status_code == 200
    assert "javascript" not in answer.text


@pytest.mark.parametrize("data", [{}, {"outcome": ""}, {"outcome": "free"}, {"outcome[$ne]": "paid"}])
async def test_other_outcomes_are_refused(
    sandbox: SandboxProvider, browser: httpx.AsyncClient, data: dict[str, str]
) -> None:
    ref, path = await _page(sandbox)
    assert (await browser.post(path, data=data)).status_code == 422
    assert (await sandbox.read(ref)).state == "open"


async def test_absent_charges_have_no_page(browser: httpx.AsyncClient) -> None:
    for path in ("/sandbox/pay/absent", "/sandbox/pay/faults"):
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(path, data={"outcome": "paid"})).status_code == 404


async def test_faults_are_set_and_cleared_over_http(
    sandbox: SandboxProvider, build: Build, browser: httpx.AsyncClient
) -> None:
    _, path = await _page(sandbox)
    assert (await browser.put("/sandbox/faults", json={"decline": True})).status_code == 204
    assert 'role="alert"' in (await browser.post(path, data={"outcome": "paid"})).text
    elsewhere = build(Faults())
    ref = (await elsewhere.open(a_charge())).ref
    assert (await elsewhere.settle(ref, "paid")).state == "failed"
    assert (await browser.delete("/sandbox/faults")).status_code == 204
    assert (await elsewhere.settle(ref, "paid")).state == "captured"
    assert (await browser.put("/sandbox/faults", json={"explode": True})).status_code == 422
    assert (await browser.put("/sandbox/faults?ref=absent", json={})).status_code == 404
