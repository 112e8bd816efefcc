from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.mongo import Database, MongoConnection
from app.core.redis import Client, connect
from tests.stock.shop import Shop, shop


@pytest.fixture(scope="package")
async def stock_database(mongo_url: str) -> AsyncIterator[Database]:
    """Shared: every test has an event of its own."""
    connection = MongoConnection(mongo_url, "test_stock")
    await shop(connection.database, connect("redis://127.0.0.1:9")).claims.prepare()
    yield connection.database
    await connection.database.client.drop_database("test_stock")
    await connection.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def store(stock_database: Database, redis: Client) -> Shop:
    return shop(stock_database, redis)


@pytest.fixture
async def away() -> AsyncIterator[Client]:
    """A Redis nobody runs."""
    client = connect("redis://127.0.0.1:9", timeout_ms=100)
    yield client
    await client.aclose()
