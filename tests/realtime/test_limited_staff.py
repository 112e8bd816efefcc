"""Staff who are limited to some events hear of those, and of no others."""

from __future__ import annotations

import asyncio

from app.core.ids import new_id
from app.core.jobs import Job
from app.core.messages import Envelope
from tests.accounts.house import House, Person
from tests.bus.samples import AT
from tests.realtime.rig import Rig, World, connected
from tests.realtime.test_live import sold


def confirmed(order_id: str, event_id: str) -> Envelope:
    data = {"order_id": order_id, "event_id": event_id}
    return Envelope(new_id("msg"), "orders", "order.confirmed", order_id, 2, AT, data)


def paid(payment_id: str, event_id: str) -> Envelope:
    data = {"payment_id": payment_id, "event_id": event_id}
    return Envelope(new_id("msg"), "payment_notifications", "payment.succeeded", payment_id, 2, AT, data)


async def limited(house: House, *events: str) -> Person:
    admin, person = await house.admin(), await house.customer()
    scope = {"events": list(events)}
    answer = await admin.do("PATCH", f"/api/v1/users/{person.id}", {"role": "staff", "scope": scope})
    assert answer.status_code == 200, answer.text
    return person


async def sell_in(world: World, rig: Rig, event_id: str) -> tuple[str, str]:
    """One order and one payment of an event, told."""
    order, payment = new_id("ord"), new_id("pay")
    world.orders[order] = {"id": order, "event_id": event_id, "version": 2}
    world.payments[payment] = {"id": payment, "event_id": event_id, "version": 2}
    world.sold.setdefault(event_id, 1)
    await rig.listener.heard([confirmed(order, event_id), paid(payment, event_id), sold(event_id)])
    return order, payment


async def test_they_hear_of_their_event_and_of_no_other(
    rig: Rig, world: World, house: House, url: str, event_id: str
) -> None:
    person = await limited(house, event_id)
    other = new_id("evt")
    async with connected(url, "/admin", auth={"token": person.tokens["access_token"]}) as client:
        snapshot = await client.call("watch", {}, "/admin")
        assert [room["room"] for room in snapshot["rooms"]] == [f"staff:{event_id}"]
        assert (snapshot["orders"], "room" in snapshot) == (0, False)
        await sell_in(world, rig, other)
        order, payment = await sell_in(world, rig, event_id)
        job = Job(new_id("job"), "handle_delivery", new_id("dlv"), "failed", 1, "ValueError", AT, AT, AT)
        await rig.listener.job(job)
        assert (await client.hears("order.updated"))["id"] == order
        assert (await client.hears("payment.updated"))["id"] == payment
        assert (await client.hears("availability.updated"))["event_id"] == event_id
        stats = await client.hears("stats.updated")
        assert (stats["event_id"], stats["orders"]) == (event_id, 1)
        await asyncio.sleep(1.2)
        heard = str(client.heard)
        assert other not in heard
        assert job.id not in heard
        assert (await client.call("watch", {}, "/admin"))["orders"] == 1


async def test_staff_of_the_whole_house_hear_of_it_too(
    rig: Rig, world: World, house: House, url: str, event_id: str
) -> None:
    admin, person = await house.admin(), await limited(house, event_id)
    async with (
        connected(url, "/admin", auth={"token": admin.tokens["access_token"]}) as all_of_it,
        connected(url, "/admin", auth={"token": person.tokens["access_token"]}),
    ):
        await all_of_it.call("watch", {}, "/admin")
        order, _ = await sell_in(world, rig, event_id)
        update = await all_of_it.hears("order.updated")
        assert (update["id"], update["room"]) == (order, "staff")


async def test_who_gets_other_limits_is_put_out_and_comes_back_within_them(
    rig: Rig, world: World, house: House, url: str, event_id: str
) -> None:
    person, admin = await limited(house, event_id), await house.admin()
    other = new_id("evt")
    auth = {"token": person.tokens["access_token"]}
    async with connected(url, "/admin", auth=auth) as client:
        await admin.do("PATCH", f"/api/v1/users/{person.id}", {"scope": {"events": [other]}})
        await client.hears("disconnect")
    async with connected(url, "/admin", auth=auth) as client:
        await sell_in(world, rig, event_id)
        order, _ = await sell_in(world, rig, other)
        assert (await client.hears("order.updated"))["id"] == order
        assert len(client.of("order.updated")) == 1


async def test_limited_to_nothing_hears_nothing(
    rig: Rig, world: World, house: House, url: str, event_id: str
) -> None:
    person = await limited(house)
    async with connected(url, "/admin", auth={"token": person.tokens["access_token"]}) as client:
        assert (await client.call("watch", {}, "/admin"))["rooms"] == []
        await sell_in(world, rig, event_id)
        await asyncio.sleep(0.5)
        assert [name for name, _ in client.heard] == ["snapshot"]
