"""The repositories on both drivers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from ulid import ULID

from app.accounts.errors import EmailTaken
from app.accounts.models import Scope, Session, Standing, User
from app.accounts.repository import SessionRepository, UserRepository
from app.core.clock import milliseconds
from app.core.ids import new_id
from app.core.mongo import MongoConnection
from app.core.pagination import PageRequest

NOW = milliseconds(datetime.now(UTC))
DAY = timedelta(days=1)
LIMITS = Scope(frozenset({new_id("evt")}))


@pytest.fixture(params=["pymongo", "motor"])
async def connection(request: pytest.FixtureRequest, mongo_url: str) -> AsyncIterator[MongoConnection]:
    driver: Literal["pymongo", "motor"] = request.param
    connection = MongoConnection(mongo_url, f"test_{ULID()}".lower(), driver=driver)
    yield connection
    await connection.database.client.drop_database(connection.database.name)
    await connection.close()


def user(email: str = "ada@example.com") -> User:
    return User(new_id("usr"), email, "Ada", None, "customer", "hash", NOW)


def session(user_id: str = "usr_x") -> Session:
    return Session(new_id("ses"), user_id, 1, 1, 2, NOW, NOW, NOW + DAY)


async def test_users(connection: MongoConnection) -> None:
    users = UserRepository(connection.database)
    await users.prepare()
    await users.prepare()
    ada = user()
    assert await users.insert(ada) == ada
    assert await users.insert(ada) == ada
    with pytest.raises(EmailTaken):
        await users.insert(user())
    assert await users.get(ada.id) == await users.by_email(ada.email) == ada
    assert await users.by_email("nobody@example.com") is None

    changed = await users.administer(ada, Standing("staff", True, LIMITS), "chg_1", NOW, [])
    assert changed is not None
    assert (changed.role, changed.disabled_at, changed.version, changed.generation) == ("staff", NOW, 2, 2)
    assert changed.scope == LIMITS
    assert await users.administer(ada, Standing("admin", False, None), "chg_2", NOW, []) is None
    assert await users.disabled_since(NOW) == {ada.id}
    assert await users.disabled_since(NOW + DAY) == set()
    assert await users.page(PageRequest(10, ""), "staff", True) == [changed]
    assert await users.page(PageRequest(10, ada.id), None, None) == []
    enabled = await users.administer(changed, Standing("staff", False, None), "chg_3", NOW, [])
    assert enabled is not None
    assert (enabled.disabled, enabled.scope) == (False, None)
    assert await users.set_password(enabled, "new", None, "chg_4", NOW) is not None
    assert await users.set_password(enabled, "newer", None, "chg_5", NOW) is None


async def test_sessions(connection: MongoConnection) -> None:
    sessions = SessionRepository(connection.database)
    await sessions.prepare()
    first, second = session(), session()
    assert await sessions.insert(first) == first
    assert await sessions.insert(first) == first
    await sessions.insert(second)
    rotated = await sessions.rotate(first, 1, key_version=3, at=NOW, expires_at=NOW + 2 * DAY)
    assert rotated is not None
    assert (rotated.n, rotated.key_version, rotated.expires_at) == (2, 3, NOW + 2 * DAY)
    assert await sessions.rotate(first, 1, key_version=3, at=NOW, expires_at=NOW + 2 * DAY) is None
    assert await sessions.rotate(second, 1, key_version=3, at=NOW + DAY, expires_at=NOW + 2 * DAY) is None

    await sessions.end_all("usr_x", NOW, "test", kept=first.id)
    assert await sessions.ended_since(NOW) == {second.id: NOW}
    await sessions.end(second.id, NOW + DAY, "later")
    ended = await sessions.get(second.id)
    assert ended is not None
    assert ended.ended_at == NOW
    assert await sessions.rotate(second, 1, key_version=3, at=NOW, expires_at=NOW + 2 * DAY) is None
    assert await sessions.get("ses_absent") is None
