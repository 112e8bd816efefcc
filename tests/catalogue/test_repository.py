"""The ``events`` collection behaves alike through both drivers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Literal

import pytest
from ulid import ULID

from app.catalogue.messages import event_updated
from app.catalogue.repository import HISTORY_KEPT, Change, Events, Search
from app.catalogue.revision import blank, revise
from app.catalogue.schemas import EventBody
from app.core.ids import new_id
from app.core.mongo import Database, MongoConnection
from tests.catalogue.house import NOW, seated_body

Driver = Literal["pymongo", "motor"]
CHANGE = Change("updated", "usr_1", NOW)


@pytest.fixture(params=["pymongo", "motor"])
async def database(request: pytest.FixtureRequest, mongo_url: str) -> AsyncIterator[Database]:
    driver: Driver = request.param
    connection = MongoConnection(mongo_url, f"test_{ULID()}".lower(), driver=driver)
    yield connection.database
    await connection.database.client.drop_database(connection.database.name)
    await connection.close()


@pytest.fixture
async def events(database: Database) -> Events:
    events = Events(database)
    await events.prepare()
    return events


async def test_what_is_written_is_read(events: Events) -> None:
    body = EventBody.model_validate(seated_body(refund_until="2027-03-20T00:00:00+02:00"))
    event = revise(blank(new_id("evt"), body, hold_minutes=5, by="usr_1", at=NOW), body).first()
    assert await events.insert(event, CHANGE)
    assert not await events.insert(replace(event, name="Another"), CHANGE)
    assert await events.get(event.id) == event
    assert await events.version(event.id) == 1
    assert await events.get(new_id("evt")) is None
    assert await events.version(new_id("evt")) is None
    listed = await events.list(Search(("draft",)), "", 10)
    assert listed == [replace(event, seating=())]
    assert await events.list(Search(("published",)), "", 10) == []


async def test_saves_only_over_the_version_it_read(events: Events, database: Database) -> None:
    body = EventBody.model_validate(seated_body())
    event = revise(blank(new_id("evt"), body, hold_minutes=5, by="usr_1", at=NOW), body).first()
    await events.insert(event, CHANGE)
    message = event_updated(event.id)
    change = replace(CHANGE, action="act_1")
    saved = await events.save(replace(event, name="Second"), change, message)
    assert saved == replace(event, name="Second", version=2)
    assert await events.save(replace(event, name="Late"), CHANGE, message) is None
    assert await events.get(event.id) == saved
    assert await events.done(event.id, "act_1")
    assert not await events.done(event.id, "act_2")
    document = await database["events"].find_one({"_id": event.id})
    assert document is not None
    assert [entry["version"] for entry in document["outbox"]] == [2]


async def test_history_is_bounded(events: Events, database: Database) -> None:
    body = EventBody.model_validate(seated_body())
    event = revise(blank(new_id("evt"), body, hold_minutes=5, by="usr_1", at=NOW), body).first()
    await events.insert(event, CHANGE)
    long = [{"what": "updated", "by": "usr_1", "at": NOW, "fields": []}] * (HISTORY_KEPT + 50)
    await database["events"].update_one({"_id": event.id}, {"$set": {"history": long}})
    await events.save(event, CHANGE, event_updated(event.id))
    document = await database["events"].find_one({"_id": event.id})
    assert document is not None
    assert len(document["history"]) == HISTORY_KEPT
