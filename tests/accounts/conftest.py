from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.mongo import Database
from app.core.redis import Client, connect
from tests.accounts.house import House


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def house(database: Database, redis: Client) -> AsyncIterator[House]:
    house = House(database, redis)
    await house.prepare()
    yield house
    house.stop()
