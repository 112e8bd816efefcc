"""Changes at once, and processes that die in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.catalogue.models import Event
from app.catalogue.repository import Change, Events
from app.core.errors import Transient
from app.core.messages import Message
from app.core.mongo import Database
from app.core.redis import Client
from app.stock.models import place_unit
from tests.catalogue.house import House, Json, built, seated_body, seating

AT_ONCE = 20
STANDING = {"name": "Standing"}


class Unguarded(Events):
    """Positive control: writes over whatever version is there."""

    async def save(self, event: Event, change: Change, *messages: Message) -> Event | None:
        current = await self.version(event.id) or 0
        return await super().save(replace(event, version=current), change, *messages)


class Dying(Events):
    """The process dies before its next write reaches the database."""

    dead = False

    async def save(self, event: Event, change: Change, *messages: Message) -> Event | None:
        if self.dead:
            raise Transient("dead")
        return await super().save(event, change, *messages)


def _fields(n: int) -> Json:
    """Every request changes a field or type of its own, so each lost update shows."""
    return {
        "ticket_types": [{"name": f"t{i}", **({"price": n + 1} if i == n else {})} for i in range(AT_ONCE)]
    }


async def _race(house: House, *others: House) -> int:
    """How many of the parallel changes survived."""
    kinds = [{"name": f"t{i}", "price": 0, "capacity": 1} for i in range(AT_ONCE)]
    event = await house.published(ticket_types=kinds)
    houses = (house, *others)
    answers = await asyncio.gather(
        *(houses[n % len(houses)].patch(event["id"], _fields(n)) for n in range(AT_ONCE))
    )
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    stored = await house.document(event["id"])
    return sum(kind["price"] == n + 1 for n, kind in enumerate(stored["ticket_types"]))


async def test_parallel_changes_all_survive(house: House, neighbour: House) -> None:
    assert await _race(house, neighbour) == AT_ONCE
    event = (await house.get("/events")).json()["items"][0]
    document = await house.document(event["id"])
    assert document["version"] == 2 + AT_ONCE
    versions = [entry["version"] for entry in await house.told(event["id"])]
    assert versions == list(range(2, 3 + AT_ONCE))
    assert len(document["history"]) == 2 + AT_ONCE


async def test_without_the_guard_changes_are_lost(database: Database, redis: Client) -> None:
    async with built(database, redis, Unguarded(database)) as house:
        assert await _race(house) < AT_ONCE


async def test_of_parallel_changes_to_one_version_one_wins(house: House, neighbour: House) -> None:
    event = await house.published()
    answers = await asyncio.gather(
        *(
            (house, neighbour)[n % 2].patch(event["id"], {"version": 2, "name": f"Name {n}"})
            for n in range(AT_ONCE)
        )
    )
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, AT_ONCE - 1)
    assert {problem["code"] for problem in lost} == {"stale_version"}
    assert all(problem["current"] == won[0].json() for problem in lost)


async def test_lowering_at_once_lowers_once(house: House, neighbour: House) -> None:
    event = await house.published()
    answers = await asyncio.gather(
        *(
            (house, neighbour)[n % 2].patch(
                event["id"], {"ticket_types": [STANDING | {"capacity": 90 if n % 4 < 2 else 80}]}
            )
            for n in range(8)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    document = await house.document(event["id"])
    kind = document["ticket_types"][0]
    blocked = (await house.stock.blocked(event["id"]))[kind["id"]]
    assert kind["size"] - blocked == kind["capacity"]
    assert kind["capacity"] in (80, 90)


async def test_closing_overlapping_seats_at_once(house: House, neighbour: House) -> None:
    event = await house.published(**seated_body())
    plans = [seating(A=18, B=10), seating(A=15, B=10)]
    answers = await asyncio.gather(
        house.patch(event["id"], {"seating": plans[0]}),
        neighbour.patch(event["id"], {"seating": plans[1]}),
    )
    assert answers[1].status_code == 200
    # The first may come second, and would then open seats again.
    assert answers[0].status_code in (200, 409)
    blocked = await house.stock.blocked(event["id"])
    assert sorted(blocked) == sorted(f"s/stalls/A/{n}" for n in range(16, 21))
    assert (await house.document(event["id"]))["seating"][0]["rows"][0]["open"] == 15


async def test_reducing_and_selling_at_once_never_oversells(house: House) -> None:
    """Forty places are claimed one by one while the capacity goes down to 60."""
    event = await house.published()
    kind = event["ticket_types"][0]["id"]

    async def sell(number: int) -> None:
        await asyncio.sleep(0)
        await house.claim(event["id"], place_unit(kind, number))

    lower = house.patch(event["id"], {"ticket_types": [STANDING | {"capacity": 60}]})
    lowering = asyncio.create_task(lower)
    await asyncio.gather(*(sell(n) for n in range(1, 41)))
    assert (await lowering).status_code == 200
    counts = (await house.get(f"/events/{event['id']}/availability")).json()["ticket_types"][0]
    await house.stock.drop(event["id"])
    claims = await house.database["orders"].find({"event_id": event["id"]}).to_list(None)
    units = [unit for order in claims for unit in order["claims"]]
    assert len(units) == len(set(units)) == 80
    assert counts["capacity"] == 60


@pytest.mark.parametrize("heal", ["recount", "retry", "other change"])
async def test_dying_between_block_and_event_heals(database: Database, redis: Client, heal: str) -> None:
    events = Dying(database)
    async with built(database, redis, events) as house:
        event = await house.published(**seated_body())
        body = {
            "ticket_types": [STANDING | {"capacity": 70}, {"name": "Seat"}],
            "seating": seating(A=18, B=10),
        }
        events.dead = True
        assert (await house.patch(event["id"], body, key="k1")).status_code == 503
        events.dead = False
        assert [kind["capacity"] for kind in (await house.document(event["id"]))["ticket_types"]] == [100, 30]
        if heal == "recount":
            await house.editor.recount(event["id"])
        else:
            again, key = (body, "k1") if heal == "retry" else ({"name": "Other"}, "k2")
            assert (await house.patch(event["id"], again, key=key)).is_success
        healed = (await house.get(f"/events/{event['id']}")).json()
        assert [kind["capacity"] for kind in healed["ticket_types"]] == [70, 28]
        assert healed["seating"] == seating(A=18, B=10)
        assert sum((await house.stock.blocked(event["id"])).values()) == 32
        counts = (await house.get(f"/events/{event['id']}/availability")).json()["ticket_types"]
        assert [(kind["available"], kind["sold"]) for kind in counts] == [(70, 0), (28, 0)]
        assert await house.editor.recount(event["id"]) == await house.catalogue.fresh(event["id"])
