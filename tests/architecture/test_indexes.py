"""No query of a sale reads a whole collection: each shape that is really asked is explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.architecture.line import live_through_a_line
from tests.architecture.spy import Spy, stages
from tests.e2e.conftest import House, a_house, bearer, settings_for
from workers.jobs.sweeps import sweeps

ASKED_OF_SMALL_COLLECTIONS = ("aggregate jobs",)
"""Counting jobs by status is for a person, once in a while; finished ones leave after a day."""


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
async def watched(mongo_url: str, redis_url: str, spy: Spy) -> AsyncIterator[House]:
    async with a_house(settings_for(mongo_url, redis_url), [spy]) as house:
        yield house


async def test_every_question_of_a_sale_has_an_index(watched: House, spy: Spy) -> None:
    await live_through_a_sale(watched)
    await sweep(watched)
    asked = [one for one in spy.asked if not one.shape.startswith(ASKED_OF_SMALL_COLLECTIONS)]
    assert len(asked) > 30, "the sale must have asked something"
    database = watched.services.engines.mongo.database
    scans = [one.shape for one in asked if "COLLSCAN" in await stages(database, one)]
    assert not scans


async def test_every_question_of_a_line_has_an_index(watched: House, spy: Spy) -> None:
    await live_through_a_line(watched)
    await sweep(watched)
    asked = [one for one in spy.asked if not one.shape.startswith(ASKED_OF_SMALL_COLLECTIONS)]
    assert len([one for one in asked if " tokens " in one.shape]) > 10, "the line must have asked something"
    database = watched.services.engines.mongo.database
    scans = [one.shape for one in asked if "COLLSCAN" in await stages(database, one)]
    assert not scans


async def test_the_spy_notices_a_scan(watched: House, spy: Spy) -> None:
    """The positive control: without it the test above could not fail."""
    database = watched.services.engines.mongo.database
    await database["orders"].insert_one({"_id": "ord_none", "kind": "none"})
    await database["orders"].find_one({"no_index": 1})
    shape = [one for one in spy.asked if "no_index" in one.shape]
    assert "COLLSCAN" in await stages(database, shape[0])


async def live_through_a_sale(house: House) -> None:
    """Sign up, sell by seat and by place, decline, pay, refund, cancel, look at all lists."""
    admin, buyer = bearer(await house.token("admin")), bearer(await house.token("customer"))
    event = await publish(house, admin)
    place = {"ticket_type_id": event["ticket_types"][0]["id"], "quantity": 2}
    paid = await book(house, event, buyer, [place])
    await pay(house, paid)
    tickets = (await ask(house, "GET", f"/orders/{paid['id']}", buyer))["tickets"]
    await ask(house, "POST", f"/orders/{paid['id']}/refunds", buyer, {"tickets": [tickets[0]["id"]]})
    await ask(house, "POST", f"/orders/{paid['id']}/cancel", buyer)
    left = await book(house, event, buyer, [{"seat_id": "stalls/A/1"}])
    await ask(house, "POST", f"/orders/{left['id']}/payments", buyer, {"provider": "sandbox"})
    await book(house, event, buyer, [{"seat_id": "stalls/A/2"}])
    for path in ("/orders", "/events", f"/events/{event['id']}/availability", f"/events/{event['id']}/seats"):
        await ask(house, "GET", path, buyer)
    for query in ("", "?role=staff", "?disabled=true", "?limit=1"):
        await ask(house, "GET", f"/users{query}", admin)
    smaller = {"ticket_types": [{"name": "Hall", "capacity": 5}, {"name": "Stalls"}]}
    await ask(house, "PATCH", f"/events/{event['id']}", admin, smaller)
    await ask(house, "POST", f"/events/{event['id']}/cancel", admin)
    await leave(house, buyer)


async def leave(house: House, buyer: dict[str, str]) -> None:
    """Somebody with a verified address looks at what is kept, and has it erased."""
    me, now = await ask(house, "GET", "/me", buyer), house.services.engines.clock.now()
    users = house.services.engines.mongo.database["users"]
    await users.update_one({"_id": me["id"]}, {"$set": {"email_verified_at": now}})
    for path in ("/me/timeline", "/me/timeline?limit=1", "/me/export"):
        await ask(house, "GET", path, buyer)
    assert (await house.client.delete("/api/v1/me", headers=buyer)).status_code == 204


async def sweep(house: House) -> None:
    """All the worker does by the clock, with everything overdue."""
    database = house.services.engines.mongo.database
    past = house.services.engines.clock.now() - timedelta(hours=1)
    await database["orders"].update_many({"deadline": {"$type": "date"}}, {"$set": {"deadline": past}})
    for one in sweeps(house.services):
        await one.run()


async def publish(house: House, admin: dict[str, str]) -> Any:
    body = {
        "name": "Show",
        "starts_at": "2100-05-01T19:00:00Z",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "ticket_types": [{"name": "Hall", "price": 2500, "capacity": 10}, {"name": "Stalls", "price": 5000}],
        "seating": {
            "sections": [{"name": "stalls", "ticket_type": "Stalls", "rows": [{"name": "A", "seats": 5}]}]
        },
        "max_per_customer": 6,
    }
    event = await ask(house, "POST", "/events", admin, body, key="event")
    return await ask(house, "POST", f"/events/{event['id']}/publish", admin)


async def book(house: House, event: Any, buyer: dict[str, str], items: list[Any]) -> Any:
    body = {"items": items, "provider": "sandbox"}
    for _ in range(2):  # The second time it is a replay.
        order = await ask(house, "POST", f"/events/{event['id']}/orders", buyer, body, key=str(items))
    return order


async def pay(house: House, order: Any) -> None:
    for outcome in ("declined", "paid"):
        await house.client.post(f"/checkout/{order['id']}", data={"outcome": outcome})
    for payment in await house.services.sales.payments.of_order(order["id"]):
        await house.services.sales.settlement.by_ref("sandbox", payment.ref or "")


async def ask(
    house: House, method: str, path: str, who: dict[str, str], body: Any = None, key: str = ""
) -> Any:
    headers = {**who, "Idempotency-Key": key.replace(" ", "")} if key else who
    answer = await house.client.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert answer.is_success, (method, path, answer.status_code, answer.text)
    return answer.json()
