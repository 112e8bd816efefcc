"""One key, one order, however often and from wherever it is asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from app.core.security import hash_email
from app.stock.models import Hold, Taken, Want
from tests.orders.house import House, Json, places, problem, seat, some_email, standing, type_id

REPLAYED = "Idempotency-Replayed"


async def test_a_replay_gives_the_order_as_it_is_now(house: House) -> None:
    event, email = await house.event(), some_email()
    first = await house.try_book(event, [places(event)], email=email, key="k")
    again = await house.try_book(event, [places(event)], email=email, key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.json() == first.json(), "the secret too"
    await house.pay(first.json())
    paid = (await house.try_book(event, [places(event)], email=email, key="k")).json()
    assert (paid["id"], paid["status"]) == (first.json()["id"], "confirmed")
    assert paid["tickets"][0]["code"]
    assert len(await house.orders_of(event)) == 1


async def test_fifty_in_parallel_make_one_order(house: House) -> None:
    event, email = await house.event(), some_email()
    answers = await asyncio.gather(
        *(house.try_book(event, [places(event, 2)], email=email, key="k") for _ in range(50))
    )
    told = Counter(answer.status_code for answer in answers)
    assert set(told) <= {201, 409}
    assert told[201] >= 1
    assert {problem(a)[1] for a in answers if a.status_code == 409} <= {"key_in_progress"}
    assert all("Retry-After" in a.headers for a in answers if a.status_code == 409)
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert len(await house.orders_of(event)) == 1
    assert (await house.availability(event))["Standing"] == (8, 2, 0)


async def test_fifty_in_parallel_without_redis_make_one_order(house: House) -> None:
    """The mark is gone; the unique index is not."""
    event, email = await house.event(), some_email()
    await house.book(event)
    stock = house.sales.stock
    take = stock.take
    stock.take = stock.take_from_memory  # type: ignore[method-assign]
    try:
        answers = await asyncio.gather(
            *(house.try_book(event, [places(event, 2)], email=email, key="k") for _ in range(50))
        )
    finally:
        stock.take = take  # type: ignore[method-assign]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await house.orders_of(event)) == 2
    await stock.heal()
    assert (await house.availability(event))["Standing"] == (7, 3, 0)


async def test_the_same_key_with_another_body(house: House) -> None:
    event, email = await house.event(), some_email()
    await house.book(event, places(event, 1), email=email, key="k")
    for items in ([places(event, 2)], [seat(1)], [places(event, 1), seat(1)]):
        answer = await house.try_book(event, items, email=email, key="k")
        assert problem(answer) == (422, "key_reused")
    assert len(await house.orders_of(event)) == 1
    assert (await house.availability(event))["Standing"] == (9, 1, 0)


async def test_the_same_key_of_another_caller_or_event_is_another_key(house: House) -> None:
    event, elsewhere, email = await house.event(), await house.event(), some_email()
    token, _ = await house.customer()
    ids = {
        (await house.book(event, email=email, key="k"))["id"],
        (await house.book(event, email=some_email(), key="k"))["id"],
        (await house.book(elsewhere, email=email, key="k"))["id"],
        (await house.book(event, token=token, key="k"))["id"],
    }
    assert len(ids) == 4


async def test_the_email_is_one_caller_however_it_is_spelled(house: House) -> None:
    event = await house.event()
    first = await house.book(event, email="key@Example.com", key="k")
    again = await house.try_book(event, [places(event)], email="KEY@example.com", key="k")
    assert problem(again) == (422, "key_reused"), "the body is another one, so it is not answered"
    assert len(await house.orders_of(event)) == 1
    assert first["id"]


async def test_a_key_of_yesterday_makes_room(house: House) -> None:
    event, email = await house.event(), some_email()
    old = await house.book(event, email=email, key="k")
    for age, same in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
        past = datetime.now(UTC) - age
        await house.database["orders"].update_one({"_id": old["id"]}, {"$set": {"created_at": past}})
        await forget_mark(house, event, email)
        new = await house.book(event, email=email, key="k")
        assert (new["id"] == old["id"]) is same
    assert "idem" not in await house.document(old)
    assert (await house.book(event, email=email, key="k"))["id"] == new["id"]


async def test_a_refusal_is_not_remembered(house: House) -> None:
    event, email = await house.event(**standing(1)), some_email()
    winner = await house.book(event)
    for _ in range(2):
        refusal = await house.try_book(event, [places(event)], email=email, key="k")
        assert problem(refusal) == (409, "sold_out")
    await house.call("POST", f"/orders/{winner['id']}/cancel", token=winner["secret"])
    answer = await house.try_book(event, [places(event)], email=email, key="k")
    assert answer.status_code == 201
    assert REPLAYED not in answer.headers


async def test_no_refusal_hides_an_order_made_before(house: House) -> None:
    """The answer was lost; meanwhile everything is sold, the seat by this very order."""
    event, email = await house.event(**standing(2)), some_email()
    mine = await house.book(event, places(event, 2), email=email, key="k")
    await forget_mark(house, event, email)
    again = await house.try_book(event, [places(event, 2)], email=email, key="k")
    assert (again.status_code, again.json()["id"]) == (201, mine["id"])
    seated = await house.event(max_per_customer=1)
    mine = await house.book(seated, seat(1), email=email, key="k")
    await forget_mark(house, seated, email)
    again = await house.try_book(seated, [seat(1)], email=email, key="k")
    assert (again.status_code, again.json()["id"]) == (201, mine["id"])


async def test_a_change_of_the_event_hides_no_order_made_before(house: House) -> None:
    """The answer was lost; meanwhile the event would not take this booking any more."""
    event, email = await house.event(**standing(5)), some_email()
    mine = await house.book(event, places(event, 2), email=email, key="k")
    await house.change(event, ticket_types=[{"name": "Standing", "max_per_order": 1}])
    again = await house.try_book(event, [places(event, 2)], email=email, key="k")
    assert (again.status_code, again.json()["secret"]) == (201, mine["secret"])
    assert problem(await house.try_book(event, [places(event, 2)], key="k")) == (409, "limit_exceeded")

    await house.cancel_event(event)

    again = await house.try_book(event, [places(event, 2)], email=email, key="k")
    assert (again.status_code, again.json()["id"]) == (201, mine["id"])
    assert problem(await house.try_book(event, [places(event, 2)], key="k")) == (409, "event_cancelled")


async def test_one_under_way_answers_in_progress(house: House) -> None:
    event, email = await house.event(), some_email()
    plan = (await house.sales.catalogue.cached(event["id"])).plan
    now = datetime.now(UTC)
    hold = Hold("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", now, now, mark=f"{caller(email)}|k")
    assert isinstance(await house.sales.stock.take(plan, [Want(type_id(event), 1)], hold), Taken)
    answer = await house.try_book(event, [places(event)], email=email, key="k")
    assert problem(answer) == (409, "key_in_progress")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_seat_that_was_lost_to_another_is_not_in_progress(house: House) -> None:
    """The picture offered a seat that the index refused: the same key may ask again at once."""
    event, email = await house.event(), some_email()
    theirs = await house.book(event, seat(1))
    plan = (await house.sales.catalogue.cached(event["id"])).plan
    await house.sales.stock.release(plan, [theirs["id"]], theirs["units"])
    for _ in range(2):
        refusal = await house.try_book(event, [seat(1)], email=email, key="k")
        assert problem(refusal) == (409, "seat_taken")


async def act(house: House, order: Json, path: str, body: Json | None = None, key: str = "a") -> Json:
    answer = await house.call("POST", f"/orders/{order['id']}/{path}", body, token=order["secret"], key=key)
    replayed = answer.headers.get(REPLAYED) == "true"
    return {"status": answer.status_code, "replayed": replayed, "body": answer.json()}


async def test_an_action_happens_once(house: House) -> None:
    order = await house.pay(await house.book(await house.event()))
    first, again = await act(house, order, "cancel"), await act(house, order, "cancel")
    assert (first["status"], first["replayed"]) == (200, False)
    assert (again["status"], again["replayed"]) == (200, True)
    assert len((await house.charge(order))["refunds"]) == 1


async def test_refunding_a_ticket_under_one_key_is_one_refund(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 3)))
    body = {"tickets": [order["tickets"][0]["id"]]}
    answers = await asyncio.gather(*(act(house, order, "refunds", body) for _ in range(10)))
    assert {answer["status"] for answer in answers} == {200}
    assert [answer["replayed"] for answer in answers].count(False) == 1
    assert [refund["amount"] for refund in (await house.charge(order))["refunds"]] == [2500]


async def test_the_key_of_one_action_is_not_that_of_another(house: House) -> None:
    event = await house.event()
    order = await house.pay(await house.book(event, places(event, 3)))
    tickets = [ticket["id"] for ticket in order["tickets"]]
    await act(house, order, "refunds", {"tickets": tickets[:1]})
    for path, body in (("refunds", {"tickets": tickets[1:2]}), ("cancel", None)):
        answer = await act(house, order, path, body)
        assert (answer["status"], answer["body"]["code"]) == (422, "key_reused")


async def test_paying_again_under_one_key_makes_one_attempt(house: House) -> None:
    order = await house.book(await house.event())
    body = {"provider": "sandbox"}
    answers = await asyncio.gather(*(act(house, order, "payments", body) for _ in range(10)))
    assert {answer["status"] for answer in answers} == {200}
    assert (await house.document(order))["payment"]["n"] == 2


async def forget_mark(house: House, event: Json, email: str) -> None:
    """Ten seconds later."""
    await house.services.engines.redis.delete(f"stock:{{{event['id']}}}:mark:{caller(email)}|k")


def caller(email: str) -> str:
    return f"guest:{hash_email(email)}"
