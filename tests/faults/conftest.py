from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.redis import connect
from tests.faults.house import House, Place, dropped, opened, published
from tests.faults.scenarios import QUIET
from tests.faults.stage import Stage


@pytest.fixture(scope="module")
async def house(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with opened(Place.new(mongo_url, redis_url)) as house:
        yield house
        await dropped(house.place, house.services)


@pytest.fixture
async def stage(house: House) -> AsyncIterator[Stage]:
    """An installation without a past: no data, no leases of workers that died before, its own providers."""
    providers = dict(house.services.sales.providers)
    redis = connect(house.place.redis_url)
    await redis.flushall()
    await redis.aclose()
    await house.emptied()
    stage = Stage(house, await published(house.services))
    await stage.faults(QUIET)
    yield stage
    house.services.sales.providers.update(providers)
