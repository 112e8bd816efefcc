"""Guests of one network address have a window of their own: a thousand invented mailboxes are one visitor."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.main import assemble
from app.orders.booking import SalesRules
from app.orders.service.holds import HoldService
from tests.orders.house import House, Json, open_house, places, problem, some_email, standing

LIMIT = 3
HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture(scope="module")
async def house(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with open_house(mongo_url, redis_url, sales={"bookings_address_per_minute": LIMIT}) as opened:
        yield opened


@pytest.fixture(scope="module")
def asgi(house: House) -> Any:
    return assemble(house.services)


def coming_from(asgi: Any, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(asgi, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://usher.test/api/v1")


async def guest(client: httpx.AsyncClient, event: Json, email: str = "", **headers: str) -> httpx.Response:
    customer = {"name": "Ann", "email": email or some_email()}
    body = {"items": [places(event)], "provider": "sandbox", "customer": customer}
    return await client.post(f"/events/{event['id']}/orders", json=body, headers=headers)


async def statuses(client: httpx.AsyncClient, event: Json, times: int, **headers: str) -> list[int]:
    return [(await guest(client, event, **headers)).status_code for _ in range(times)]


async def test_invented_mailboxes_at_one_address_end_at_its_limit(house: House, asgi: Any) -> None:
    event = await house.event(**standing(100))
    async with coming_from(asgi, HERE) as here, coming_from(asgi, THERE) as there:
        answers = await asyncio.gather(*(guest(here, event) for _ in range(9)))
        assert Counter(answer.status_code for answer in answers) == {201: LIMIT, 429: 6}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert problem(refused) == (429, "rate_limited")
        headers = refused.headers
        assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == (str(LIMIT), "0")
        assert 1 <= int(headers["RateLimit-Reset"]) == int(headers["Retry-After"]) <= 60
        assert (await guest(there, event)).status_code == 201, "elsewhere is somebody else"
        assert (await guest(here, await house.event())).status_code == 201, "each event counts by itself"
        token, _ = await house.customer()
        body = {"items": [places(event)], "provider": "sandbox"}
        own = {"Authorization": f"Bearer {token}"}
        signed_in = await here.post(f"/events/{event['id']}/orders", json=body, headers=own)
        assert signed_in.status_code == 201, "who is signed in is counted at sign-up"
    assert (await house.availability(event))["Standing"] == (95, 5, 0)


async def test_without_the_limit_they_would_all_book(house: House, asgi: Any) -> None:
    """The positive control."""
    holds: HoldService = house.sales.holds
    rules = holds._rules
    event = await house.event(**standing(100))
    holds._rules = SalesRules(rules.max_places, rules.bookings_per_minute, 10**6)
    try:
        async with coming_from(asgi, HERE) as here:
            assert set(await statuses(here, event, LIMIT + 3)) == {201}
    finally:
        holds._rules = rules


async def test_a_guest_who_has_had_enough_does_not_use_up_the_address(house: House, asgi: Any) -> None:
    event = await house.event(**standing(100))
    holds: HoldService = house.sales.holds
    rules = holds._rules
    holds._rules = SalesRules(rules.max_places, 1, LIMIT)
    try:
        async with coming_from(asgi, HERE) as here:
            email = some_email()
            eager = [(await guest(here, event, email)).status_code for _ in range(6)]
            assert eager == [201, 429, 429, 429, 429, 429]
            assert await statuses(here, event, 3) == [201, 201, 429]
    finally:
        holds._rules = rules


async def test_a_subscriber_s_network_is_one_address(house: House, asgi: Any) -> None:
    event = await house.event(**standing(100))
    found = []
    for n in range(LIMIT + 1):
        async with coming_from(asgi, f"2001:db8:1:2::{n}") as client:
            found += await statuses(client, event, 1)
    assert found == [201] * LIMIT + [429]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_itself_is_nobody_s_address(house: House, asgi: Any, address: str) -> None:
    event = await house.event(**standing(100))
    async with coming_from(asgi, address) as client:
        assert set(await statuses(client, event, LIMIT + 1)) == {201}


async def test_behind_a_trusted_proxy_visitors_are_told_apart(house: House, asgi: Any) -> None:
    """As the server in front of the routes does it; ``tests/core/test_proxies.py`` runs that server."""
    event = await house.event(**standing(100))
    proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts="10.0.0.0/8")
    async with coming_from(proxied, "10.0.0.5") as proxy:
        assert await statuses(proxy, event, LIMIT + 1, **{"X-Forwarded-For": HERE}) == [201] * LIMIT + [429]
        assert await statuses(proxy, event, 1, **{"X-Forwarded-For": THERE}) == [201]
        pretending = {"X-Forwarded-For": f"198.51.100.1, {HERE}"}
        assert await statuses(proxy, event, 1, **pretending) == [429]
    async with coming_from(asgi, HERE) as unnamed:
        assert await statuses(unnamed, event, 1, **{"X-Forwarded-For": "198.51.100.2"}) == [429]


async def test_redis_knows_no_address(house: House, asgi: Any) -> None:
    event = await house.event(**standing(100))
    async with coming_from(asgi, HERE) as here:
        await guest(here, event)
    keys = [key async for key in house.services.engines.redis.scan_iter(f"stock:{{{event['id']}}}:*")]
    assert any(":crowd:" in key for key in keys)
    plain = hashlib.sha256(HERE.encode()).hexdigest()[:32]
    assert not [key for key in keys if HERE in key or plain in key]
