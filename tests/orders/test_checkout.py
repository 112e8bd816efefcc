"""The way to pay: opened once, on the first visit; closed before the next one opens."""

from __future__ import annotations

import asyncio

from app.orders.service.checkout import ATTEMPTS
from app.payments.providers.sandbox.faults import Faults
from tests.orders.house import SILENT, House, Json, places, problem, standing


async def retry(house: House, order: Json, **more: object) -> Json:
    body = {"provider": "sandbox", **more}
    answer = await house.call("POST", f"/orders/{order['id']}/payments", body, token=order["secret"])
    return (
        {"status": answer.status_code, **answer.json()} if answer.is_success else {"refused": problem(answer)}
    )


async def test_booking_opens_nothing(house: House) -> None:
    order = await house.book(await house.event())
    assert await house.database["payments"].find_one({"order_id": order["id"]}) is None
    assert await house.database["sandbox_ledger"].find_one({"order_id": order["id"]}) is None


async def test_twenty_visits_open_one_session(house: House) -> None:
    order = await house.book(await house.event())
    answers = await asyncio.gather(*(house.visit(order) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    charges = await house.database["sandbox_ledger"].find({"order_id": order["id"]}).to_list(None)
    assert len(charges) == 1
    causes = [entry["cause"] for entry in (await house.document(order))["history"]]
    assert causes == ["booked", "payment opened"]


async def test_a_lost_answer_opens_no_second_session(house: House) -> None:
    order = await house.book(await house.event())
    await house.sandbox.set_faults(Faults(lose=1.0, timeout_after_success=True))
    try:
        answer = await house.visit(order)
    finally:
        await house.sandbox.set_faults(SILENT)
    assert problem(answer) == (503, "provider_unavailable")
    assert "Retry-After" in answer.headers
    assert (await house.visit(order)).status_code == 303
    charges = await house.database["sandbox_ledger"].find({"order_id": order["id"]}).to_list(None)
    assert len(charges) == 1


async def test_a_visit_after_the_deadline_opens_nothing(house: House) -> None:
    order = await house.book(await house.event())
    await house.let_time_pass(order)
    assert problem(await house.visit(order)) == (409, "hold_expired")
    assert await house.database["sandbox_ledger"].find_one({"order_id": order["id"]}) is None
    await house.sales.expiry.sweep()
    assert problem(await house.visit(order)) == (409, "hold_expired")


async def test_nothing_to_pay(house: House) -> None:
    event = await house.event(**standing(5, price=0))
    free = await house.book(event, provider=None)
    paid = await house.pay(await house.book(await house.event()))
    for order in (free, paid):
        assert problem(await house.visit(order)) == (409, "illegal_transition")
    for absent in ("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"):
        assert problem(await house.visit({"id": absent})) == (404, "not_found")


async def test_an_outcome_nobody_knows(house: House) -> None:
    order = await house.book(await house.event())
    answer = await house.visit(order, "stolen")
    assert problem(answer) == (422, "invalid")


async def test_a_decline_ends_the_attempt_not_the_order(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order, "declined")
    await house.settle(order)
    shown = await house.show(order)
    assert (shown["status"], shown["payment"]["status"]) == ("pending", "failed")
    assert (await house.pay(order))["status"] == "confirmed"


async def test_a_failure_for_good_gives_the_places_back(house: House) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2))
    await house.visit(order, "failed")
    await house.settle(order)
    assert (await house.show(order))["status"] == "failed"
    assert (await house.availability(event))["Standing"] == (10, 0, 0)


async def test_a_client_secret_is_given_at_booking_and_opens_the_session(house: House) -> None:
    event = await house.event()
    order = await house.book(event, client_secret=True)
    assert order["payment"]["client_secret"]
    assert order["payment"].get("checkout_url") is None
    assert (await house.document(order))["payment"]["opened"]
    assert problem(await house.visit(order)) == (404, "not_found")


async def test_paying_again_closes_the_first_session(house: House) -> None:
    order = await house.book(await house.event())
    await house.visit(order)
    again = await retry(house, order)
    assert again["payment"]["status"] == "unopened"
    assert (await house.charge(order))["state"] == "closed"
    await house.settle(order)
    assert (await house.show(order))["status"] == "pending", "news of the old session concerns it no more"
    await house.visit(order, "paid")
    await house.settle(order, n=2)
    paid = await house.show(order)
    assert paid["status"] == "confirmed"
    assert (await house.document(order))["paid_by"] == (await house.payment(order, 2))["_id"]


async def test_paying_again_what_is_paid_already(house: House) -> None:
    """The webhook is late; the buyer is not charged twice for their impatience."""
    order = await house.book(await house.event())
    await house.visit(order, "paid")
    assert (await retry(house, order))["refused"] == (409, "illegal_transition")
    assert (await house.show(order))["status"] == "confirmed"
    assert (await retry(house, order))["refused"] == (409, "illegal_transition")


async def test_paying_again_while_the_provider_is_away(house: House) -> None:
    """The first session may still be open, so no second one opens."""
    order = await house.book(await house.event())
    await house.visit(order)
    await house.sandbox.set_faults(Faults(lose=1.0, unavailable=True), await house.ref(order))
    assert (await retry(house, order))["refused"] == (503, "provider_unavailable")
    assert (await house.document(order))["payment"]["n"] == 1


async def test_paying_again_after_the_deadline(house: House) -> None:
    order = await house.book(await house.event())
    await house.let_time_pass(order)
    assert (await retry(house, order))["refused"] == (409, "hold_expired")


async def test_many_who_pay_again_leave_one_session_open(house: House) -> None:
    order = await house.book(await house.event())
    for _ in range(3):
        await asyncio.gather(
            *(retry(house, order) for _ in range(5)), *(house.visit(order) for _ in range(5))
        )
    await house.visit(order)
    charges = await house.database["sandbox_ledger"].find({"order_id": order["id"]}).to_list(None)
    assert [charge["state"] for charge in charges].count("open") == 1
    n = (await house.document(order))["payment"]["n"]
    assert (await house.charge(order, n))["state"] == "open"


async def test_paying_again_comes_to_an_end(house: House) -> None:
    """A guest who does nothing else must not fill the order's document."""
    order = await house.book(await house.event())
    await house.database["orders"].update_one({"_id": order["id"]}, {"$set": {"payment.n": ATTEMPTS - 1}})
    path, body = f"/orders/{order['id']}/payments", {"provider": "sandbox"}
    last = await house.call("POST", path, body, token=order["secret"])
    assert last.status_code == 200
    assert problem(await house.call("POST", path, body, token=order["secret"])) == (409, "illegal_transition")
    await house.visit(order, "paid")
    await house.settle(order, ATTEMPTS)
    assert (await house.show(order))["status"] == "confirmed"
