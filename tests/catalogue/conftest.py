from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.mongo import Database
from app.core.redis import Client, connect
from tests.catalogue.house import House, built


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def house(database: Database, redis: Client) -> AsyncIterator[House]:
    async with built(database, redis) as one:
        yield one


@pytest.fixture
async def neighbour(database: Database, redis: Client) -> AsyncIterator[House]:
    """Another API process on the same servers."""
    async with built(database, redis) as one:
        yield one
