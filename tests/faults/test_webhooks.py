"""Webhooks as providers send them: five times, shuffled, in parallel, forged, or not at all."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest

from app.core.clock import SystemClock
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.webhooks import SIGNATURE_HEADER, Webhook, signed_headers
from tests.faults.buyer import Buyer
from tests.faults.house import House
from tests.faults.invariants import violations
from tests.faults.stage import Stage

PATH = "/api/v1/webhooks/sandbox"
FORGED = 200
STREAMS = 20


def _secret(house: House) -> str:
    return house.services.engines.settings.payments.sandbox_webhook_secret.get_secret_value()


async def _webhooks(stage: Stage) -> list[Webhook]:
    """Everything the provider ever had to tell about this order."""
    refs = [payment.ref for payment in await stage.payments() if payment.ref]
    return [webhook for ref in refs for webhook in await stage.provider.webhooks(ref)]


async def _send(stage: Stage, webhook: Webhook) -> httpx.Response:
    headers = signed_headers(webhook.body, _secret(stage.house), SystemClock())
    return await stage.house.client.post(PATH, content=webhook.body, headers=headers)


async def _flood(stage: Stage, times: int, streams: int = STREAMS) -> None:
    """Every webhook ``times`` times, shuffled, while a worker handles them."""
    deliveries = [webhook for webhook in await _webhooks(stage) for _ in range(times)]
    random.shuffle(deliveries)
    gate = asyncio.Semaphore(streams)

    async def deliver(webhook: Webhook) -> None:
        async with gate:
            assert (await _send(stage, webhook)).status_code == 200

    await asyncio.gather(stage.settled(), *map(deliver, deliveries))
    await stage.settled()


def _told(order: dict[str, Any]) -> dict[str, Any]:
    """What an order is, without when and under which names."""
    return {
        "status": order["status"],
        "version": order["version"],
        "moves": [(entry["from"], entry["to"], entry["cause"]) for entry in order["history"]],
        "tickets": [ticket["status"] for ticket in order.get("tickets", ())],
    }


async def _declined_paid_refunded(stage: Stage) -> None:
    """A life with three things to tell: declined, then paid, then refunded."""
    await stage.book()
    await stage.open()
    assert (await stage.pay()).status_code == 200
    await stage.settled()
    ticket = (await stage.order())["tickets"][0]["id"]
    path, body = f"/api/v1/orders/{stage.order_id}/refunds", {"tickets": [ticket], "reason": "ill"}
    answer = await Buyer(stage.house.client).post(path, json=body, key="r", secret=stage.secret)
    assert answer.status_code == 200


@pytest.mark.parametrize("times", [5, 100])
async def test_any_number_in_any_order_is_as_once(stage: Stage, times: int) -> None:
    await _declined_paid_refunded(stage)
    await stage.settled()
    before = _told(await stage.order())
    assert len(await _webhooks(stage)) == 3
    await _flood(stage, times)
    assert _told(await stage.order()) == before
    stored = await stage.house.database["deliveries"].count_documents({})
    assert stored == 3
    assert await stage.house.database["deliveries"].count_documents({"status": "handled"}) == 3
    assert await violations(stage.house.place, stage.house.database) == []


async def test_shuffled_news_of_a_payment_nobody_heard_of_yet(stage: Stage) -> None:
    """Declined and paid come in any order, five times each, and nothing was handled before."""
    await stage.book()
    await stage.open()
    assert (await stage.pay()).status_code == 200
    await _flood(stage, 5)
    assert [move[:2] for move in _told(await stage.order())["moves"]].count(("pending", "confirmed")) == 1
    await stage.sound()


async def test_a_refund_told_before_its_success(stage: Stage) -> None:
    """The news of a whole life come backwards: refunded, paid, declined."""
    await _declined_paid_refunded(stage)
    before = _told(await stage.order())
    for webhook in reversed(await _webhooks(stage)):
        assert (await _send(stage, webhook)).status_code == 200
        await stage.settled()
        assert _told(await stage.order()) == before
    await stage.sound()


async def test_forged_ones_change_nothing(stage: Stage) -> None:
    await stage.book()
    assert (await stage.pay()).status_code == 200
    webhook = (await _webhooks(stage))[-1]
    before = await _everything(stage.house)
    answers = await asyncio.gather(*(_forge(stage, webhook, n) for n in range(FORGED)))
    assert {answer.status_code for answer in answers} == {400}
    assert await _everything(stage.house) == before
    assert await stage.house.database["deliveries"].count_documents({}) == 0


async def test_control_the_same_webhook_signed_changes_everything(stage: Stage) -> None:
    await stage.book()
    assert (await stage.pay()).status_code == 200
    before = await _everything(stage.house)
    assert (await _send(stage, (await _webhooks(stage))[-1])).status_code == 200
    assert await _everything(stage.house) != before


async def _forge(stage: Stage, webhook: Webhook, n: int) -> httpx.Response:
    good = signed_headers(webhook.body, _secret(stage.house), SystemClock())
    signature = good[SIGNATURE_HEADER]
    other = signed_headers(webhook.body, "whsec_" + "x" * 20, SystemClock())
    forgeries: list[tuple[bytes, dict[str, str]]] = [
        (webhook.body, {}),
        (webhook.body, {SIGNATURE_HEADER: ""}),
        (webhook.body, {SIGNATURE_HEADER: signature[:-1]}),
        (webhook.body, {SIGNATURE_HEADER: signature.replace("=", "", 1)}),
        (webhook.body, other),
        (webhook.body + b" ", good),
        (webhook.body.replace(b"captured", b"refunded"), good),
        (b"{}", good),
    ]
    body, headers = forgeries[n % len(forgeries)]
    return await stage.house.client.post(PATH, content=body, headers=headers)


async def _everything(house: House) -> dict[str, list[Any]]:
    names = ("orders", "payments", "deliveries", "jobs", "sandbox_ledger")
    return {name: await house.database[name].find({}).sort("_id", 1).to_list(None) for name in names}


async def test_what_was_never_told_is_found_by_the_poll(stage: Stage) -> None:
    await stage.book()
    assert (await stage.pay()).status_code == 200
    await stage.settled()
    assert await stage.house.database["deliveries"].count_documents({}) == 0
    assert await stage.status() == "confirmed"
    await stage.sound()


async def test_an_object_that_is_not_ours_is_parked(stage: Stage) -> None:
    """Of another installation on the same account: kept for a person, followed by nobody."""
    await stage.book()
    assert (await stage.pay()).status_code == 200
    webhook = (await _webhooks(stage))[-1]
    strange = Webhook("sbxevt_strange", webhook.body.replace(b'"ref":"sbx_', b'"ref":"sbx_0'))
    assert strange.body != webhook.body
    assert (await _send(stage, strange)).status_code == 200
    database = stage.house.database
    for _ in range(20):
        await stage.round()
        if await database["deliveries"].find_one({"status": "parked"}):
            break
    assert await database["deliveries"].count_documents({"status": "parked"}) == 1
    await database["deliveries"].delete_many({})
    await stage.settled()
    await stage.sound()


async def test_the_sandbox_itself_repeats_shuffles_and_delays(stage: Stage) -> None:
    """Its own courier, over real HTTP, told to do everything wrong but losing."""
    await stage.faults(Faults(duplicate=4, shuffle=True, delay_seconds=0.2))
    await _declined_paid_refunded(stage)
    await stage.provider.webhooks_sent()
    await stage.settled()
    assert await stage.house.database["deliveries"].count_documents({"status": "handled"}) == 3
    await stage.sound()
