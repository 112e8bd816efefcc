from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.redis import connect
from tests.faults.house import Place, dropped, opened, published
from tests.faults.scenarios import QUIET
from tests.faults.stage import Stage


@pytest.fixture
async def stage(mongo_url: str, redis_url: str) -> AsyncIterator[Stage]:
    """An installation of its own. Redis is emptied of the leases of workers that died before."""
    redis = connect(redis_url)
    await redis.flushall()
    await redis.aclose()
    async with opened(Place.new(mongo_url, redis_url)) as house:
        stage = Stage(house, await published(house.services))
        await stage.faults(QUIET)
        yield stage
        await dropped(house.place, house.services)
