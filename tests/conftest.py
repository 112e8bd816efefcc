"""Fixtures every suite may use. One mongod and one redis-server per pytest process, started on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings
from ulid import ULID

from app.core.mongo import Database, MongoConnection
from tests.servers import Servers, running_servers

settings.register_profile(
    "usher", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("usher")
"""The same examples in every run, and none that fails because the machine was busy."""


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    async with running_servers(tmp_path_factory.mktemp("servers")) as pair:
        yield pair


@pytest.fixture(scope="session")
def mongo_url(servers: Servers) -> str:
    return servers.mongod.url


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """One Redis for all tests of the process: keys carry ids, and ids are never used twice."""
    return servers.redis.url


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[MongoConnection]:
    """A connection to a database of its own, dropped afterwards."""
    connection = MongoConnection(mongo_url, f"test_{ULID()}".lower())
    yield connection
    await connection.database.client.drop_database(connection.database)
    await connection.close()


@pytest.fixture
def database(mongo: MongoConnection) -> Database:
    return mongo.database
