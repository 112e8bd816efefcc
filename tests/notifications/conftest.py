from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.notifications.office import Office, an_office
from tests.notifications.smtp_server import smtp_server


@pytest.fixture(scope="module")
async def opened(mongo_url: str, redis_url: str) -> AsyncIterator[Office]:
    async with smtp_server() as mailbox, an_office(mongo_url, redis_url, mailbox) as office:
        yield office


@pytest.fixture
async def office(opened: Office) -> Office:
    """Nobody knows anybody any more; the indexes stay, which take longest to make."""
    for name in await opened.database.list_collection_names():
        await opened.database[name].delete_many({})
    opened.bus.flush()
    opened.mailbox.empty()
    return opened
