from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.check.world import World, make_world
from tests.orders.house import open_house


@pytest.fixture(scope="package")
async def healthy(mongo_url: str, redis_url: str) -> AsyncIterator[World]:
    async with open_house(mongo_url, redis_url) as house:
        yield await make_world(house, mongo_url, redis_url)


@pytest.fixture
async def world(healthy: World) -> AsyncIterator[World]:
    """May be broken at will: it is put right afterwards."""
    kept = await healthy.keep()
    yield healthy
    await healthy.restore(kept)
