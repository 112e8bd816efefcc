from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.queues.serving.desk import Desk, open_desk


@pytest.fixture(scope="package")
async def desk(mongo_url: str, redis_url: str) -> AsyncIterator[Desk]:
    """One for the package: every test makes lines of its own."""
    async with open_desk(mongo_url, redis_url) as opened:
        yield opened
