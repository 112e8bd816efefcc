from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.queues.house import House, open_house


@pytest.fixture(scope="package")
async def house(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    """One for the package: every test makes lines of its own."""
    async with open_house(mongo_url, redis_url) as opened:
        yield opened
