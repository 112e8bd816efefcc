from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fakes.twilio_server import twilio_server
from tests.notifications.office import Office, an_office
from tests.notifications.smtp_server import smtp_server


@pytest.fixture(scope="module")
async def opened(mongo_url: str, redis_url: str) -> AsyncIterator[Office]:
    """With few texts and mails about lines to each, so that tests reach the end of them."""
    caps: dict[str, Any] = {"texts_number_per_day": 5, "line_mails_per_day": 5}
    async with (
        smtp_server() as mailbox,
        twilio_server() as twilio,
        an_office(mongo_url, redis_url, mailbox, twilio=twilio, **caps) as office,
    ):
        yield office


@pytest.fixture
async def office(opened: Office) -> Office:
    """Nobody knows anybody any more; the indexes stay, which take longest to make."""
    for name in await opened.database.list_collection_names():
        await opened.database[name].delete_many({})
    opened.bus.flush()
    opened.mailbox.empty()
    opened.twilio.empty()
    return opened
