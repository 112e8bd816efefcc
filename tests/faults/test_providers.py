"""A provider that is slow, away, or answers after we stopped listening: same key, same object, one refund."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ulid import ULID

from app.bootstrap import Services
from app.core.money import Money
from app.payments.providers.base import Charge, ProviderRefused, RefundReading, Session
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from tests.faults.buyer import Buyer
from tests.faults.invariants import money
from tests.faults.scenarios import QUIET
from tests.faults.stage import Stage

AWAY = QUIET.model_copy(update={"unavailable": True})
DEAF = QUIET.model_copy(update={"timeout_after_success": True})
SLOW = QUIET.model_copy(update={"slow_seconds": 1.0})


class Forgetful(SandboxProvider):
    """The guard taken away: every call has a key of its own."""

    async def open(self, charge: Charge) -> Session:
        return await super().open(replace(charge, payment_id=f"pay_{ULID()}"))

    async def refund(self, ref: str, refund_id: str, amount: Money, reason: str) -> RefundReading:
        reading = await super().refund(ref, f"ref_{ULID()}", amount, reason)
        return replace(reading, refund_id=refund_id)


def replaced(services: Services, kind: type[SandboxProvider]) -> SandboxProvider:
    settings, engines = services.engines.settings, services.engines
    secret = settings.payments.sandbox_webhook_secret.get_secret_value()
    url = settings.runtime.public_url
    return kind(engines.mongo.database, engines.clock, public_url=url, webhook_secret=secret)


async def _until_it_answers(stage: Stage, faults: Faults, path: str, **request: object) -> None:
    """Under the fault the answer is 503 with Retry-After; when it is over, the same request succeeds."""
    await stage.faults(faults)
    client = stage.house.client
    answers = [await client.post(path, **request) for _ in range(3)]  # type: ignore[arg-type]
    for answer in answers:
        assert answer.status_code in (200, 503), answer.text
        assert answer.status_code == 200 or "Retry-After" in answer.headers
    await stage.faults(QUIET)
    assert (await client.post(path, **request)).status_code == 200  # type: ignore[arg-type]


@pytest.mark.parametrize("faults", [AWAY, DEAF, SLOW], ids=["away", "deaf", "slow"])
async def test_opening_makes_one_object(stage: Stage, faults: Faults) -> None:
    await stage.book()
    await _until_it_answers(stage, faults, f"/checkout/{stage.order_id}", data={"outcome": "paid"})
    await stage.settled()
    assert await stage.status() == "confirmed"
    await stage.sound()


async def test_control_without_the_same_key_opening_makes_several(stage: Stage) -> None:
    stage.house.services.sales.providers["sandbox"] = replaced(stage.house.services, Forgetful)
    await stage.book()
    await _until_it_answers(stage, DEAF, f"/checkout/{stage.order_id}", data={"outcome": "paid"})
    await stage.round()
    assert any("that we do not know" in broken for broken in await money(stage.house.database))


@pytest.mark.parametrize("faults", [AWAY, DEAF, SLOW], ids=["away", "deaf", "slow"])
async def test_a_refund_is_paid_once(stage: Stage, faults: Faults) -> None:
    await stage.confirmed()
    await _refund_a_ticket(stage, faults)
    await stage.settled()
    payment = await stage.payment()
    assert [(refund.amount, refund.state) for refund in payment.refunds] == [(2500, "done")]
    await stage.sound()


async def test_control_without_the_same_key_a_refund_is_paid_twice(stage: Stage) -> None:
    await stage.confirmed()
    stage.house.services.sales.providers["sandbox"] = replaced(stage.house.services, Forgetful)
    await _refund_a_ticket(stage, DEAF)
    await stage.settled()
    assert any("differ" in broken for broken in await money(stage.house.database))


async def _refund_a_ticket(stage: Stage, faults: Faults) -> None:
    """The order owes it from this request on, whatever the provider does."""
    await stage.faults(faults)
    ticket = next(t["id"] for t in (await stage.order())["tickets"] if t["unit"].startswith("g/"))
    path = f"/api/v1/orders/{stage.order_id}/refunds"
    body = {"tickets": [ticket], "reason": "ill"}
    for _ in range(3):
        answer = await Buyer(stage.house.client).post(path, json=body, key="once", secret=stage.secret)
        assert answer.status_code == 200
    await stage.faults(QUIET)


@pytest.mark.parametrize(("ending", "becomes"), [("overdue", "confirmed"), ("cancelled", "cancelled")])
async def test_a_hold_stays_while_its_session_may_be_open(stage: Stage, ending: str, becomes: str) -> None:
    """Nobody can say that the session is closed, so nobody else gets the seat. Late money gets it, unless
    a cancellation was answered: then the money goes back.
    """
    await stage.book(items=[stage.seat()])
    await stage.open()
    await stage.faults(AWAY)
    await _ended(stage, ending)
    for _ in range(3):
        await stage.round()
        assert await stage.status() == "expiring"
        assert (await Buyer(stage.house.client).book(stage.event.id, [stage.seat()])).status_code == 409
    await stage.faults(QUIET)
    ref = (await stage.payment()).ref
    assert ref
    await stage.provider.settle(ref, "paid")
    await stage.settled()
    assert await stage.status() == becomes
    await stage.sound()


@pytest.mark.parametrize("ending", ["overdue", "cancelled"])
async def test_the_hold_goes_when_the_session_is_closed(stage: Stage, ending: str) -> None:
    await stage.book(items=[stage.seat()])
    await stage.open()
    await stage.faults(AWAY)
    await _ended(stage, ending)
    await stage.round()
    await stage.faults(QUIET)
    await stage.settled()
    assert await stage.status() in ("expired", "cancelled")
    assert (await Buyer(stage.house.client).book(stage.event.id, [stage.seat()])).status_code == 201
    await stage.sound()


async def _ended(stage: Stage, how: str) -> None:
    if how == "overdue":
        await stage.overdue()
        await stage.round()
        return
    path = f"/api/v1/orders/{stage.order_id}/cancel"
    assert (await Buyer(stage.house.client).post(path, secret=stage.secret)).status_code == 200


class Stopping(SandboxProvider):
    """Refuses for good; before that the process that asked was gone."""

    async def open(self, charge: Charge) -> Session:
        raise ProviderRefused("this merchant may not")


async def test_an_attempt_the_provider_refused_holds_nothing(stage: Stage) -> None:
    """Who asked died before writing the refusal down: whoever ends the order learns it again."""
    await stage.book(items=[stage.seat()])
    await stage.faults(AWAY)
    assert (await stage.house.client.get(f"/checkout/{stage.order_id}")).status_code == 503
    await stage.faults(QUIET)
    stage.house.services.sales.providers["sandbox"] = replaced(stage.house.services, Stopping)
    await stage.overdue()
    await stage.settled()
    assert await stage.status() == "expired"
    await stage.sound()
