"""What is going on when a process dies: one flow each, the steps in it, and how it must end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from app.accounts.models import Caller
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.webhooks import signed_headers
from tests.faults.buyer import Buyer, Gone
from tests.faults.stage import Stage

Part = Callable[[Stage], Awaitable[None]]
Act = Callable[[Stage, Buyer], Coroutine[Any, Any, None]]
QUIET = Faults(lose=1.0)
"""No webhooks: the case brings them itself, or leaves the news to the poll."""


async def _nothing(stage: Stage) -> None:
    return


async def _no_act(stage: Stage, buyer: Buyer) -> None:
    return


@dataclass(frozen=True)
class Scenario:
    """``prepare`` by a healthy installation, ``act`` towards the doomed API (a worker acts by itself),
    ``check`` when a healthy installation has done all that was left."""

    name: str
    dies: Literal["api", "worker"]
    steps: tuple[str, ...]
    check: Part
    prepare: Part = _nothing
    act: Act = _no_act
    buyer_stays: bool = True
    faults: Faults = field(default=QUIET)


async def _booked(stage: Stage) -> None:
    await stage.book()


async def _opened(stage: Stage) -> None:
    await stage.book()
    await stage.open()


async def _confirmed(stage: Stage) -> None:
    await stage.confirmed()


async def _captured(stage: Stage) -> None:
    await stage.book()
    assert (await stage.pay()).status_code == 200


async def _paid(stage: Stage) -> None:
    """The provider has the money; its webhook is stored and not handled."""
    await _captured(stage)
    await deliver(stage, Buyer(stage.house.client))


async def _overdue(stage: Stage) -> None:
    await stage.book()
    await stage.overdue()


async def _opened_overdue(stage: Stage) -> None:
    await _opened(stage)
    await stage.overdue()


async def _late(stage: Stage) -> None:
    """Expired and closed, and paid all the same: the provider broke its promise."""
    await _opened_overdue(stage)
    await stage.settled()
    assert await stage.status() == "expired"
    ref = (await stage.payment()).ref
    assert ref
    await stage.provider.set_faults(QUIET.model_copy(update={"captures_when_closed": True}), ref)
    await stage.provider.settle(ref, "paid")
    await deliver(stage, Buyer(stage.house.client))


async def _late_and_gone(stage: Stage) -> None:
    await _opened_overdue(stage)
    await stage.settled()
    other = await Buyer(stage.house.client).book(stage.event.id, [stage.seat()])
    assert other.status_code == 201
    ref = (await stage.payment()).ref
    assert ref
    await stage.provider.set_faults(QUIET.model_copy(update={"captures_when_closed": True}), ref)
    await stage.provider.settle(ref, "paid")
    await deliver(stage, Buyer(stage.house.client))


async def _refund_left(stage: Stage) -> None:
    """Cancelled while the provider was away: a worker has to pay."""
    await stage.confirmed()
    await stage.faults(QUIET.model_copy(update={"unavailable": True}))
    await _cancel(stage, Buyer(stage.house.client))
    await stage.faults(QUIET)
    assert (await stage.order())["refunds_due"]


async def _event_cancelled(stage: Stage) -> None:
    await stage.confirmed()
    caller = Caller(user_id="usr_admin", role="admin")
    await stage.house.services.sales.editor.cancel(stage.event.id, caller, None)


async def _book(stage: Stage, buyer: Buyer) -> None:
    answer = await stage.book(buyer)
    again = await Buyer(stage.house.client, email=buyer.email).book(stage.event.id, stage.items, key="book")
    assert again.json()["id"] == answer.json()["id"]


async def _pay(stage: Stage, buyer: Buyer) -> None:
    answer = await stage.pay(buyer)
    assert answer.status_code == 200, answer.text


async def _cancel(stage: Stage, buyer: Buyer) -> None:
    answer = await buyer.post(f"/api/v1/orders/{stage.order_id}/cancel", key="cancel", secret=stage.secret)
    assert answer.status_code == 200, answer.text


async def _refund_a_ticket(stage: Stage, buyer: Buyer) -> None:
    ticket = (await stage.order())["tickets"][0]["id"]
    path = f"/api/v1/orders/{stage.order_id}/refunds"
    body = {"tickets": [ticket], "reason": "ill"}
    answer = await buyer.post(path, json=body, key="refund", secret=stage.secret)
    assert answer.status_code == 200, answer.text


async def _pay_again(stage: Stage, buyer: Buyer) -> None:
    path = f"/api/v1/orders/{stage.order_id}/payments"
    answer = await buyer.post(path, json={"provider": "sandbox"}, key="again", secret=stage.secret)
    assert answer.status_code == 200, answer.text
    assert (await stage.pay(Buyer(stage.house.client))).status_code == 200


async def deliver(stage: Stage, buyer: Buyer) -> None:
    """The newest webhook of the order's payment, repeated by the provider until it is acknowledged."""
    ref = (await stage.payment()).ref
    assert ref
    webhook = (await stage.provider.webhooks(ref))[-1]
    settings = stage.house.services.engines.settings.payments
    secret = settings.sandbox_webhook_secret.get_secret_value()
    headers = signed_headers(webhook.body, secret, stage.house.services.engines.clock)
    answer = await buyer.deliver(webhook.body, headers)
    assert answer.status_code == 200, answer.text


async def _has_tickets(stage: Stage) -> None:
    order = await stage.order()
    assert order["status"] == "confirmed"
    assert [ticket["status"] for ticket in order["tickets"]] == ["valid"] * 3


async def _is_pending(stage: Stage) -> None:
    assert await stage.status() == "pending"


async def _is_expired(stage: Stage) -> None:
    assert await stage.status() == "expired"


async def _is_cancelled(stage: Stage) -> None:
    assert await stage.status() == "cancelled"
    assert all(ticket["status"] == "refunded" for ticket in (await stage.order()).get("tickets", ()))


async def _one_refund(stage: Stage) -> None:
    refunds = [refund for payment in await stage.payments() for refund in payment.refunds]
    assert len(refunds) == 1
    assert refunds[0].state == "done"


async def _is_refunded(stage: Stage) -> None:
    await _is_cancelled(stage)
    await _one_refund(stage)


async def _ticket_is_refunded(stage: Stage) -> None:
    await _one_refund(stage)
    statuses = [ticket["status"] for ticket in (await stage.order())["tickets"]]
    assert sorted(statuses) == ["refunded", "valid", "valid"]


async def _is_given_back(stage: Stage) -> None:
    assert await stage.status() == "expired"
    await _one_refund(stage)


async def _ends_by_the_clock(stage: Stage) -> None:
    """The buyer never came back: tickets if the provider took the money, else nothing is held."""
    if await stage.status() == "pending":
        await stage.overdue()
        await stage.settled()
    charge = await stage.house.database["sandbox_ledger"].find_one({"state": "captured"})
    assert await stage.status() == ("confirmed" if charge else "expired")


async def _walk_away(stage: Stage, buyer: Buyer) -> None:
    try:
        await _pay(stage, buyer)
    except Gone:
        return


PAYING = ("order opened", "payment inserted", "provider opens", "session recorded", "provider captures")
ENDING = ("order expiring", "provider closes", "payment closed")
REFUNDING = ("refund due", "refund reserved", "provider refunds", "refund done", "refund closed")
TELLING = ("messages logged", "outbox of orders emptied", "outbox of payments emptied")

SCENARIOS = (
    Scenario("book", "api", ("order inserted",), _is_pending, act=_book),
    Scenario("pay", "api", PAYING, _has_tickets, _booked, _pay),
    Scenario("pay and leave", "api", PAYING, _ends_by_the_clock, _booked, _walk_away, buyer_stays=False),
    Scenario("webhook", "api", ("delivery stored", "job recorded"), _has_tickets, _captured, deliver),
    Scenario("cancel a hold", "api", (*ENDING, "order cancelled"), _is_cancelled, _opened, _cancel),
    Scenario("cancel an order", "api", REFUNDING, _is_refunded, _confirmed, _cancel),
    Scenario("refund a ticket", "api", REFUNDING, _ticket_is_refunded, _confirmed, _refund_a_ticket),
    Scenario(
        "pay again",
        "api",
        ("provider closes", "payment closed", "attempt replaced"),
        _has_tickets,
        _opened,
        _pay_again,
    ),
    Scenario(
        "confirm",
        "worker",
        ("payment captured", "order confirmed", "payment disposed", "delivery handled", *TELLING),
        _has_tickets,
        _paid,
    ),
    Scenario("expire", "worker", ("orders expired",), _is_expired, _overdue),
    Scenario("expire behind the fence", "worker", (*ENDING, "order expired"), _is_expired, _opened_overdue),
    Scenario("refund owed", "worker", REFUNDING[2:], _is_refunded, _refund_left),
    Scenario("event cancelled", "worker", REFUNDING, _is_refunded, _event_cancelled),
    Scenario(
        "late money, places free",
        "worker",
        ("payment captured", "order revived", "payment disposed"),
        _has_tickets,
        _late,
    ),
    Scenario(
        "late money, places gone",
        "worker",
        ("payment captured", "money refused", "money given back", "provider refunds", "refund done"),
        _is_given_back,
        _late_and_gone,
    ),
)
