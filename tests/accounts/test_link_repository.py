"""What accounts keep of links, on both drivers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from ulid import ULID

from app.accounts import messages
from app.accounts.models import Link, User
from app.accounts.repository import UserRepository
from app.accounts.repository.password_requests import PasswordRequestRepository
from app.core.clock import milliseconds
from app.core.ids import new_id
from app.core.mongo import MongoConnection

NOW = milliseconds(datetime.now(UTC))
LINK = Link(1, 2, NOW + timedelta(hours=1), "chg_1")


@pytest.fixture(params=["pymongo", "motor"])
async def connection(request: pytest.FixtureRequest, mongo_url: str) -> AsyncIterator[MongoConnection]:
    driver: Literal["pymongo", "motor"] = request.param
    connection = MongoConnection(mongo_url, f"test_{ULID()}".lower(), driver=driver)
    yield connection
    await connection.database.client.drop_database(connection.database.name)
    await connection.close()


async def test_links_open_and_close_with_the_change_they_allow(connection: MongoConnection) -> None:
    users = UserRepository(connection.database)
    await users.prepare()
    new = User(new_id("usr"), "ada@example.com", "Ada", None, "customer", "hash", NOW)
    user = await users.insert(new, [messages.signed_up(new.id)])
    opened = await users.open_link(user, "verification", LINK, NOW, [messages.verification_asked(user.id, 1)])
    assert opened is not None
    assert opened.verification == LINK
    assert await users.open_link(user, "verification", LINK, NOW) is None, "it has moved"
    assert await users.get(user.id) == opened

    verified = await users.verify_email(opened, NOW, "chg_2")
    assert verified is not None
    assert verified.email_verified
    assert verified.verification is not None
    assert not verified.verification.is_open(NOW)

    resetting = await users.open_link(verified, "reset", LINK, NOW)
    assert resetting is not None
    reset = await users.reset_password(resetting, "new", NOW, "chg_3", [messages.password_changed(user.id)])
    assert reset is not None
    assert reset.reset == Link(1, 2, None, "chg_1")
    assert (reset.password, reset.generation, reset.version) == ("new", 2, 5)
    document = await connection.database["users"].find_one({"_id": user.id})
    assert document is not None
    told = [(entry["type"], entry["version"]) for entry in document["outbox"]]
    assert told == [("user.signed_up", 1), ("user.verification_asked", 2), ("user.password_changed", 5)]


async def test_a_request_is_kept_once_until_it_is_answered(connection: MongoConnection) -> None:
    requests = PasswordRequestRepository(connection.database)
    await requests.prepare()
    request = new_id("rst")
    for _ in range(2):
        await requests.insert(request, "sealed", NOW)
    assert await requests.sealed_email(request) == "sealed"
    await requests.delete(request)
    assert await requests.sealed_email(request) is None
