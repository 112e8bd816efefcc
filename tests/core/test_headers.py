"""What answers carry for browsers, and which sites may read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from app.settings import Runtime, Settings
from tests.e2e.conftest import PASSWORD, House, a_house, settings_for

SHOP = "https://shop.example"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
ASKS = {
    "Origin": SHOP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}


@pytest.fixture
async def house(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with a_house(settings_for(mongo_url, redis_url)) as built:
        yield built


@pytest.fixture
async def listed(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    """Public by HTTPS, with one other site on the list."""
    plain = settings_for(mongo_url, redis_url)
    runtime = Runtime(env="test", public_url="https://tickets.example", cors_origins=f" {SHOP} ,")
    settings = Settings(runtime=runtime, mongo=plain.mongo, redis=plain.redis, security=plain.security)
    async with a_house(settings) as built:
        yield built


async def every_kind(house: House) -> list[httpx.Response]:
    """Good and bad answers, of the API and of pages."""
    get, post = house.client.get, house.client.post
    return [
        await get("/api/v1/events"),
        await get("/api/v1/events/evt_x"),
        await get("/api/v1/users"),
        await get("/api/v1/events?limit=x"),
        await post("/api/v1/events", content=b"x" * 3_000_000),
        await post("/api/v1/auth/signin", json={"email": "a@example.com", "password": "wrong"}),
        await get("/nowhere"),
        await get("/health/live"),
        await get("/metrics"),
        await get("/openapi.json"),
        await get("/docs"),
        await get("/docs/assets/swagger-ui.css"),
        await get("/account/verify"),
        await get("/checkout/ord_x"),
    ]


async def test_every_answer_carries_them_once(house: House) -> None:
    for answer in await every_kind(house):
        about = (str(answer.request.url), answer.status_code)
        for name, value in ALWAYS.items():
            assert answer.headers.get(name) == value, about
        assert "default-src 'none'" in answer.headers["content-security-policy"], about
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], about
        assert "unsafe-eval" not in answer.headers["content-security-policy"], about
        names = Counter(name for name, _ in answer.headers.multi_items())
        assert [name for name, n in names.items() if n > 1] == [], about
        assert answer.headers["x-request-id"], about
        assert "server" not in answer.headers, about
        assert "strict-transport-security" not in answer.headers, about


async def test_no_cache_keeps_what_the_api_answers(house: House) -> None:
    for answer in await every_kind(house):
        if answer.request.url.path.startswith("/api/"):
            assert answer.headers["cache-control"] == "no-store", answer.request.url


async def test_pages_say_more_themselves(house: House) -> None:
    docs = (await house.client.get("/docs")).headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in docs
    account = (await house.client.get("/account/verify")).headers["content-security-policy"]
    assert "script-src 'self';" in account


async def test_https_only_where_we_are_public_by_https(listed: House) -> None:
    answer = await listed.client.get("/api/v1/events")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_a_site_on_the_list_may_read(listed: House) -> None:
    answer = await listed.client.get("/api/v1/events", headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "Origin" in answer.headers["vary"]
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    refused = await listed.client.get("/api/v1/users", headers={"Origin": SHOP})
    assert refused.headers["access-control-allow-origin"] == SHOP, "pages may read problems too"
    asked = await listed.client.options("/api/v1/events", headers=ASKS)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, SHOP)
    assert asked.headers["x-request-id"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null", ""]
)
async def test_others_may_not(listed: House, origin: str) -> None:
    for answer in (
        await listed.client.get("/api/v1/events", headers={"Origin": origin}),
        await listed.client.options("/api/v1/events", headers=ASKS | {"Origin": origin}),
    ):
        assert "access-control-allow-origin" not in answer.headers


async def test_without_a_list_no_site_may(house: House) -> None:
    answer = await house.client.get("/api/v1/events", headers={"Origin": SHOP})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (await house.client.options("/api/v1/events", headers=ASKS)).status_code == 405


async def test_the_api_knows_no_cookies(house: House) -> None:
    token = await house.token("customer")
    for name in ("access_token", "token", "session", "Authorization"):
        answer = await house.client.get("/api/v1/me", headers={"Cookie": f"{name}={token}"})
        assert answer.status_code == 401
    for answer in await every_kind(house):
        assert "set-cookie" not in answer.headers
    body = {"email": "cookie@example.com", "password": PASSWORD, "name": "A"}
    assert "set-cookie" not in (await house.client.post("/api/v1/auth/signup", json=body)).headers


@pytest.mark.parametrize("length", ["announced", "hidden"])
async def test_a_body_past_the_limit_is_413(house: House, length: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100_000

    content: Any = b" " * 3_000_000 if length == "announced" else chunks()
    answer = await house.client.post(
        "/api/v1/auth/signin", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "origins",
    ["*", "shop.example", "https://shop.example/", "https://a.example/x", "null", "https://*.example"],
)
def test_a_list_that_names_no_sites_is_refused(origins: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_CORS_ORIGINS", origins)
    with pytest.raises(ValidationError):
        Runtime()


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.0/99"])
def test_proxies_are_addresses(proxies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_TRUSTED_PROXIES", proxies)
    with pytest.raises(ValidationError):
        Runtime()
