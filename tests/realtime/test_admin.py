"""The staff side: who gets in, what they hear, and who is put out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from socketio.exceptions import ConnectionError as Refused

from app.core.ids import new_id
from app.core.jobs import Job
from app.core.messages import Envelope
from tests.accounts.house import House
from tests.bus.samples import AT
from tests.realtime.rig import Rig, World, connected
from tests.realtime.test_live import changed, sold


async def test_staff_hear_everything(
    rig: Rig, world: World, house: House, url: str, event_id: str, order_id: str
) -> None:
    admin = await house.admin()
    payment_id = new_id("pay")
    world.payments[payment_id] = {"id": payment_id, "status": "captured", "version": 2}
    paid = Envelope(
        new_id("msg"), "payment_notifications", "payment.succeeded", payment_id, 2, AT,
        {"payment_id": payment_id, "order_id": order_id, "event_id": event_id},
    )  # fmt: skip
    job = Job(new_id("job"), "handle_delivery", new_id("dlv"), "failed", 1, "ValueError", AT, AT, AT)
    async with connected(url, "/admin", auth={"token": admin.tokens["access_token"]}) as client:
        snapshot = await client.call("watch", {}, "/admin")
        assert (snapshot["room"], snapshot["orders"]) == ("staff", 1)
        await rig.listener.heard([changed(order_id), sold(event_id), paid])
        await rig.listener.job(job)
        assert (await client.hears("order.updated"))["id"] == order_id
        assert (await client.hears("payment.updated"))["id"] == payment_id
        assert (await client.hears("availability.updated"))["event_id"] == event_id
        assert (await client.hears("stats.updated"))["orders"] == 1
        told = await client.hears("job.updated")
        assert (told["id"], told["status"]) == (job.id, "failed")
        numbers = sorted(
            int(payload["seq"].partition(".")[2])
            for name, payload in client.heard
            if name not in ("snapshot", "heartbeat")
        )  # Two that are told at the same moment may arrive swapped.
        first = int(snapshot["seq"].partition(".")[2])
        assert numbers == list(range(first + 1, first + 1 + len(numbers))), "no gap"


@pytest.mark.parametrize("auth", [None, {}, {"token": None}, {"token": "x"}, {"token": ["x"]}, "token", [1]])
async def test_without_a_token_nobody_gets_in(url: str, auth: object) -> None:
    with pytest.raises(Refused):
        async with connected(url, "/admin", auth=auth):
            pass


async def test_customers_and_stale_tokens_do_not_get_in(house: House, url: str) -> None:
    customer = await house.customer()
    with pytest.raises(Refused):
        async with connected(url, "/admin", auth={"token": customer.tokens["access_token"]}):
            pass
    admin = await house.admin()
    house.clock.advance(timedelta(minutes=16))
    with pytest.raises(Refused):
        async with connected(url, "/admin", auth={"token": admin.tokens["access_token"]}):
            pass


@pytest.mark.parametrize("how", ["signed out", "disabled", "no longer staff"])
async def test_who_stops_being_staff_is_put_out(
    rig: Rig, house: House, url: str, order_id: str, how: str
) -> None:
    admin, other = await house.admin(), await house.admin()
    async with connected(url, "/admin", auth={"token": admin.tokens["access_token"]}) as client:
        await client.call("watch", {}, "/admin")
        await client.client.emit("disconnect", "a forged goodbye", namespace="/admin")
        if how == "signed out":
            await admin.do("POST", "/api/v1/auth/signout")
        else:
            change = {"disabled": True} if how == "disabled" else {"role": "customer"}
            answer = await other.do("PATCH", f"/api/v1/users/{admin.id}", change)
            assert answer.status_code == 200, answer.text
        await client.hears("disconnect")
        heard = len(client.heard)
        await rig.listener.heard([changed(order_id)])
        await asyncio.sleep(0.2)
        assert len(client.heard) == heard


async def test_staff_stay_in_when_their_token_runs_out(house: House, url: str) -> None:
    admin = await house.admin()
    async with connected(url, "/admin", auth={"token": admin.tokens["access_token"]}) as client:
        house.clock.advance(timedelta(minutes=16))
        await asyncio.sleep(0.6)
        assert client.of("disconnect") == []
