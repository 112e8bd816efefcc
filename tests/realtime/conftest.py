from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.core.mongo import Database
from app.core.redis import Client, connect
from tests.accounts.house import House
from tests.realtime.rig import Rig, World


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def house(database: Database, redis: Client) -> AsyncIterator[House]:
    house = House(database, redis, clock=FixedClock(datetime.now(UTC)))
    await house.prepare()
    yield house
    house.stop()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def rig(world: World, house: House, redis: Client, redis_url: str) -> AsyncIterator[Rig]:
    rig = Rig(world, house, redis, redis_url)
    yield rig
    await rig.aclose()


@pytest.fixture
async def url(rig: Rig) -> AsyncIterator[str]:
    async with rig.serving() as url:
        yield url


@pytest.fixture
def event_id(world: World) -> str:
    event_id = new_id("evt")
    world.sold[event_id] = 0
    return event_id


@pytest.fixture
def order_id(world: World) -> str:
    order_id = new_id("ord")
    world.orders[order_id] = {"id": order_id, "status": "pending", "version": 1}
    return order_id


@pytest.fixture
def service_id(world: World) -> str:
    service_id = new_id("svc")
    line = {"id": service_id, "slug": f"desk-{service_id[-6:].lower()}", "waiting": 0, "version": 1}
    world.lines[service_id] = line
    return service_id


@pytest.fixture
def token_id(world: World, service_id: str) -> str:
    token_id = new_id("tok")
    world.tokens[token_id] = {"id": token_id, "service_id": service_id, "number": 7, "version": 1}
    return token_id
