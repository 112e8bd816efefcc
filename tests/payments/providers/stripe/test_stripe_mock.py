"""The adapter's requests against ``stripe-mock``, which checks them against Stripe's own OpenAPI document.

It keeps no state, so only the shape of what is asked and answered is under test.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from stripe import HTTPXClient

from app.core.clock import SystemClock
from app.core.money import Money
from app.payments.providers.base import ProviderRefused
from app.payments.providers.stripe.provider import StripeProvider
from tests.payments.providers.rigs import Mode, a_charge

pytestmark = pytest.mark.process


class _OlderDocument(HTTPXClient):
    """Says a parameter by its former name where the mock's document is older than the SDK's version.

    Sessions take ``allowed_payment_method_types`` since 2026-09-30 and refuse ``payment_method_types``.
    """

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        answer = await super().request_async(method, url, headers, post_data)
        if answer[1] != 400 or not post_data:
            return answer
        former = _text(post_data).replace("allowed_payment_method_types", "payment_method_types")
        return await super().request_async(method, url, headers, former)


class _Misspelling(HTTPXClient):
    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        return await super().request_async(method, url, headers, _text(post_data).replace("amount", "amuont"))


def _text(post_data: Any) -> str:
    return post_data.decode() if isinstance(post_data, bytes) else str(post_data)


def _binary() -> str | None:
    found = shutil.which("stripe-mock")
    if found or not shutil.which("go"):
        return found
    for variable in ("GOBIN", "GOPATH"):
        asked = subprocess.run(["go", "env", variable], capture_output=True, text=True, check=False)
        place = Path(asked.stdout.strip() or "/nonexistent") / ("" if variable == "GOBIN" else "bin")
        if (place / "stripe-mock").is_file():
            return str(place / "stripe-mock")
    return None


@pytest.fixture(scope="module")
async def mock_url() -> AsyncIterator[str]:
    binary = _binary()
    if binary is None:
        pytest.skip("stripe-mock is not installed: go install github.com/stripe/stripe-mock@latest")
    process = await asyncio.create_subprocess_exec(
        binary,
        "-http-addr",
        "127.0.0.1:0",
        "-https-addr",
        "127.0.0.1:0",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    address = None
    async with asyncio.timeout(60):
        while address is None:
            line = (await process.stdout.readline()).decode()
            assert line, "stripe-mock ended"
            address = re.search(r"Listening for HTTP at address: (\S+)", line)
    yield f"http://{address.group(1)}"
    process.kill()
    await process.wait()


@pytest.fixture
async def provider(mock_url: str) -> AsyncIterator[StripeProvider]:
    provider = _provider(mock_url, _OlderDocument(timeout=60))
    yield provider
    await provider.aclose()


@pytest.mark.parametrize("mode", ["page", "client_secret"])
async def test_opening(provider: StripeProvider, mode: Mode) -> None:
    session = await provider.open(a_charge(mode))
    assert session.ref.startswith("cs_" if mode == "page" else "pi_")
    assert (session.url if mode == "page" else session.client_secret) is not None


@pytest.mark.parametrize("ref", ["cs_test_1", "pi_1"])
async def test_reading_and_closing(provider: StripeProvider, ref: str) -> None:
    assert (await provider.read(ref)).ref
    assert (await provider.close(ref)).ref


async def test_refunding(provider: StripeProvider) -> None:
    # The mock's own intent is in dollars.
    assert (await provider.refund("pi_1", "ref_1", Money(100, "USD"), "customer")).ref.startswith("re_")


async def test_listing_captures(provider: StripeProvider) -> None:
    assert [reading async for reading in provider.captured_since(SystemClock().now())] == []


async def test_the_mock_does_refuse_what_is_wrong(mock_url: str) -> None:
    """Else the tests above would say nothing."""
    provider = _provider(mock_url, _Misspelling(timeout=60))
    with pytest.raises(ProviderRefused):
        await provider.open(a_charge("client_secret"))
    await provider.aclose()


def _provider(mock_url: str, http_client: HTTPXClient) -> StripeProvider:
    return StripeProvider(
        SystemClock(),
        api_key="sk_test_123",
        webhook_secret="whsec_x",
        api_url=mock_url,
        http_client=http_client,
    )
