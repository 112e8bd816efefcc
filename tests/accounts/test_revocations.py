"""Customers' tokens cost no look-up, and a revoked one fails in every process within a second."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from app.accounts.models import Session
from app.accounts.repository import SessionRepository
from app.accounts.service import Revocations
from app.core.clock import FixedClock
from app.core.mongo import Database, MongoConnection
from app.core.redis import Client
from tests.accounts.house import House, Person

HOUR = timedelta(hours=1)


async def refused_soon(person: Person, seconds: float = 60.0) -> bool:
    """Usually within a second; a busy machine may take longer, and no bound here measures it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (await person.ask("/signed-in")).status_code == 401:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_sign_out_and_disabling_reach_another_process(house: House, redis: Client) -> None:
    admin, leaver, disabled = await house.admin(), await house.customer(), await house.customer()
    other = House(house.database, redis, clock=house.clock)
    await other.revocations.start()
    try:
        assert (await leaver.at(other).ask("/signed-in")).status_code == 200
        await leaver.do("POST", "/api/v1/auth/signout")
        assert await refused_soon(leaver.at(other))
        await admin.do("PATCH", f"/api/v1/users/{disabled.id}", {"disabled": True})
        assert await refused_soon(disabled.at(other))
    finally:
        await other.revocations.stop()


async def test_without_reading_the_other_process_would_not_know(house: House, redis: Client) -> None:
    """The control of the test above."""
    leaver = await house.customer()
    other = House(house.database, redis, clock=house.clock)
    await other.revocations.refresh()
    await leaver.do("POST", "/api/v1/auth/signout")
    assert not await refused_soon(leaver.at(other), seconds=3.0)


async def test_a_process_started_later_knows_what_ended_before(house: House, redis: Client) -> None:
    leaver = await house.customer()
    await leaver.do("POST", "/api/v1/auth/signout")
    house.clock.advance(timedelta(minutes=14))
    other = House(house.database, redis, clock=house.clock)
    await other.revocations.refresh()
    assert (await leaver.at(other).ask("/signed-in")).json()["code"] == "session_ended"


class Counted(CommandListener):
    def __init__(self) -> None:
        self.commands: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.commands.append(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


async def test_customers_cost_no_look_up_and_staff_two(house: House, mongo_url: str) -> None:
    customer, admin = await house.customer(), await house.admin()
    counted = Counted()
    connection = MongoConnection(mongo_url, house.database.name, listeners=[counted])
    watched = House(connection.database, house.redis, clock=house.clock)
    for person, path, look_ups in (
        (customer, "/any", 0),
        (customer, "/signed-in", 0),
        (customer, "/staff", 2),
        (admin, "/any", 2),
        (admin, "/admin", 2),
    ):
        counted.commands.clear()
        await person.at(watched).ask(path)
        assert counted.commands == ["find"] * look_ups, path
    await connection.close()


async def test_what_no_token_can_outlive_is_forgotten(house: House) -> None:
    house.revocations.add("ses_old")
    house.clock.advance(timedelta(minutes=17))
    house.revocations.add("ses_new")
    await house.revocations.refresh()
    assert not house.revocations.is_revoked("ses_old", None)
    assert house.revocations.is_revoked("ses_new", None)


async def test_a_write_that_lands_late_is_still_read(house: House) -> None:
    person = await house.customer()
    before = house.clock.now()
    house.clock.advance(timedelta(seconds=20))
    await house.revocations.refresh()
    session = await house.database["sessions"].find_one({"user_id": person.id})
    assert session is not None
    await house.sessions.end(session["_id"], before, "signout")
    await house.revocations.refresh()
    assert house.revocations.is_revoked(session["_id"], None)


async def test_a_crash_before_the_sessions_heard_of_it_changes_nothing(house: House) -> None:
    """Only the account's own write has happened."""
    person, other = await house.customer(), await house.customer()
    await person.sign_in()
    kept = (await house.sessions.of_user(person.id))[0].id
    user = await house.users.get(person.id)
    assert user is not None
    await house.users.set_password(user, "hash", kept, "chg_1", house.clock.now())
    await house.revocations.refresh()
    ids = [session.id for session in await house.sessions.of_user(person.id)]
    assert [one for one in ids if not house.revocations.is_revoked(one, None)] == [kept]
    assert len(ids) == 2
    assert (await other.ask("/signed-in")).status_code == 200
    await house.users.end_sessions(person.id, house.clock.now())
    await house.revocations.refresh()
    assert all(house.revocations.is_revoked(one, None) for one in ids)


class FailingOnce(SessionRepository):
    """A MongoDB that is away for the second reading."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.readings = 0
        self.third = asyncio.Event()

    async def ended_since(self, at: datetime) -> dict[str, datetime]:
        self.readings += 1
        if self.readings == 2:
            raise ConnectionError("away")
        if self.readings == 3:
            self.third.set()
        return await super().ended_since(at)


async def test_a_failed_reading_does_not_end_the_reading(house: House) -> None:
    sessions = FailingOnce(house.database)
    revocations = Revocations(house.users, sessions, house.clock, HOUR, every_seconds=0.02)
    await revocations.start()
    await sessions.insert(_session(house.clock))
    await sessions.end("ses_late", house.clock.now(), "signout")
    await asyncio.wait_for(sessions.third.wait(), 60)
    await asyncio.sleep(0.1)
    assert revocations.is_revoked("ses_late", None)
    await revocations.stop()


def _session(clock: FixedClock) -> Session:
    now = clock.now()
    return Session("ses_late", "usr_x", 1, 1, 1, now, now, now + HOUR)
