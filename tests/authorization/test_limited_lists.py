"""Lists and totals hold what one oversees, and nothing of the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.core.ids import new_id
from tests.authorization.actors import limited_to
from tests.authorization.world import API, Json, World, a_world


@pytest.fixture
async def world(mongo_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(mongo_url, redis_url) as world:
        yield world


async def ask(world: World, path: str, token: str) -> Json:
    answer = await world.request("GET", API + path, token)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def names(world: World, token: str, query: str = "") -> set[str]:
    return {event["name"] for event in (await ask(world, f"/events{query}", token))["items"]}


async def test_drafts_and_cancelled_events_of_others_are_not_listed(world: World) -> None:
    mine = await world.draft(name="My draft")
    await world.draft(name="A draft")
    cancelled = await world.published()
    await world.as_admin("PATCH", f"/events/{cancelled['id']}", {"name": "Cancelled"})
    await world.as_admin("POST", f"/events/{cancelled['id']}/cancel")
    staff = (await world.people.person("staff", limited_to(mine["id"]))).token
    machine = await world.people.machine(frozenset({"events:read"}), limited_to(mine["id"]))
    for token in (staff, machine):
        assert await names(world, token) == {"Show", "My draft"}
        assert await names(world, token, "?status=draft") == {"My draft"}
        assert await names(world, token, "?status=cancelled") == set()
    everything = {"Show", "My draft", "A draft", "Cancelled"}
    assert await names(world, world.tokens["staff"]) == everything
    assert await names(world, world.tokens["customer"]) == {"Show"}


async def test_totals_are_of_what_one_oversees(world: World) -> None:
    await world.order(paid=True)
    for actor, sold in (("staff", 2), ("staff here", 2), ("staff elsewhere", 0), ("machine here", 2)):
        assert (await ask(world, "/admin/stats", world.tokens[actor]))["sold"] == sold, actor
    nothing = (await world.people.person("staff", limited_to(new_id("evt")))).token
    assert (await ask(world, "/admin/stats", nothing))["held"] == 0


async def test_money_of_their_own_choice_only_staff_of_the_event_refund(world: World) -> None:
    """Staff elsewhere who own an order here are customers here."""
    token = world.tokens["staff elsewhere"]
    world.tokens["buyer"] = token
    order = await world.order(paid=True, by="buyer")
    path = f"{API}/orders/{order['id']}/refunds"
    answer = await world.request("POST", path, token, json={"amount": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_closed")
