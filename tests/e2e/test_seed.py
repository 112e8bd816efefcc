"""Demo events and the demo line are there once, whoever asks and however often, and never in the past."""

from __future__ import annotations

from datetime import timedelta

from app.catalogue.models import Event
from app.core.pagination import PageRequest
from app.seed import LEAST_AHEAD, seed, summary
from tests.e2e.conftest import House


async def upcoming(house: House) -> list[Event]:
    return list(await house.services.sales.catalogue.list(PageRequest(200, ""), staff=True))


async def test_seeds_all_kinds_of_event_ready_to_be_sold(house: House) -> None:
    demo = await seed(house.services)
    events = demo.events
    assert {event.status for event in events} == {"published"}
    assert any(event.seating for event in events)
    assert any(not kind.seated and kind.price for event in events for kind in event.ticket_types)
    assert any(kind.price == 0 for event in events for kind in event.ticket_types)
    now = house.services.engines.clock.now()
    assert all(event.starts_at >= now + LEAST_AHEAD for event in events)
    assert all(event.id in summary(demo, "http://here") for event in events)


async def test_seeding_again_changes_nothing(house: House) -> None:
    first = await seed(house.services)
    assert await seed(house.services) == first
    assert len(await upcoming(house)) == len(first.events)


async def test_a_seeder_that_stopped_before_publishing_is_continued(house: House) -> None:
    first = (await seed(house.services)).events
    database = house.services.engines.mongo.database
    await database["events"].update_one({"_id": first[0].id}, {"$set": {"status": "draft"}})
    again = (await seed(house.services)).events
    assert [event.id for event in again] == [event.id for event in first]
    assert again[0].status == "published"


async def test_events_that_have_come_near_get_successors(house: House) -> None:
    first = (await seed(house.services)).events
    near = house.services.engines.clock.now() + LEAST_AHEAD - timedelta(minutes=1)
    database = house.services.engines.mongo.database
    await database["events"].update_many({}, {"$set": {"starts_at": near}})
    await database["idempotency_keys"].delete_many({})  # They are kept for two days, not for two months.
    again = (await seed(house.services)).events
    assert {event.name for event in again} == {event.name for event in first}
    assert not {event.id for event in again} & {event.id for event in first}


async def test_seeds_a_line_with_people_in_it_and_one_called(house: House) -> None:
    demo = await seed(house.services)
    await seed(house.services)
    house.services.lines.reading.forget(demo.line.id)
    line = (await house.client.get(f"/api/v1/services/{demo.line.slug}")).json()
    assert (line["state"], line["counters"], line["waiting"]) == ("open", 2, 5)
    assert [(one["number"], one["counter"]) for one in line["now_serving"]] == [(1, "1")]
    assert f"http://here/{demo.line.slug}" in summary(demo, "http://here")
    joined = await house.client.post(f"/api/v1/services/{demo.line.id}/tokens", json={})
    assert joined.status_code == 201, "anybody may try it"


async def test_a_demo_line_that_was_closed_is_open_again(house: House) -> None:
    demo = await seed(house.services)
    services = house.services.engines.mongo.database["services"]
    await services.update_one({"_id": demo.line.id}, {"$set": {"state": "closed", "counters": 3}})
    again = (await seed(house.services)).line
    assert (again.id, again.state, again.counters) == (demo.line.id, "open", 3)
