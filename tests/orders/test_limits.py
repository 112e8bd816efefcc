"""Limits hold however many requests race for them."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.orders.house import House, open_house, places, problem, seat, some_email, standing


async def test_twenty_at_once_end_at_the_limit(house: House) -> None:
    event, email = await house.event(**standing(100), max_per_customer=4), some_email()
    answers = await asyncio.gather(*(house.try_book(event, [places(event)], email=email) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 4, 409: 16}
    assert {problem(answer)[1] for answer in answers if answer.status_code == 409} == {"limit_exceeded"}
    assert (await house.availability(event))["Standing"] == (96, 4, 0)


async def test_sets_race_for_what_is_left_of_the_limit(house: House) -> None:
    event, email = await house.event(**standing(100), max_per_customer=5), some_email()
    await asyncio.gather(*(house.try_book(event, [places(event, 2)], email=email) for _ in range(20)))
    assert sum(len(order["units"]) for order in await house.orders_of(event)) == 4
    await house.book(event, places(event, 1), email=email)
    assert problem(await house.try_book(event, [places(event)], email=email)) == (409, "limit_exceeded")


async def test_one_mailbox_is_one_customer_signed_in_or_not(house: House) -> None:
    event = await house.event(**standing(100), max_per_customer=2)
    token, email = await house.customer()
    await house.book(event, token=token)
    await house.book(event, email=email.upper())
    for answer in (
        await house.try_book(event, [places(event)], token=token),
        await house.try_book(event, [places(event)], email=email),
    ):
        assert problem(answer) == (409, "limit_exceeded")
    await house.book(event, email=some_email())


async def test_more_than_a_customer_may_have_is_refused_before_anything_is_taken(house: House) -> None:
    event = await house.event(max_per_customer=3)
    answer = await house.try_book(event, [places(event, 2), seat(1), seat(2)])
    assert problem(answer) == (409, "limit_exceeded")
    assert (answer.json()["limit"], answer.json()["scope"]) == (3, "customer")


async def test_a_type_may_have_its_own_limit_per_order(house: House) -> None:
    event = await house.event(**standing(100, max_per_order=2))
    assert problem(await house.try_book(event, [places(event, 2), places(event, 1)])) == (
        409,
        "limit_exceeded",
    )
    await house.book(event, places(event, 2))


async def test_what_ends_no_longer_counts(house: House) -> None:
    event, email = await house.event(**standing(100), max_per_customer=2), some_email()
    cancelled = await house.book(event, email=email)
    expired = await house.book(event, email=email)
    assert problem(await house.try_book(event, [places(event)], email=email)) == (409, "limit_exceeded")
    await house.call("POST", f"/orders/{cancelled['id']}/cancel", token=cancelled["secret"])
    await house.book(event, email=email)
    await house.let_time_pass(expired)
    await house.sales.expiry.sweep()
    await house.book(event, email=email)
    assert problem(await house.try_book(event, [places(event)], email=email)) == (409, "limit_exceeded")


async def test_a_returned_ticket_no_longer_counts(house: House) -> None:
    event, email = await house.event(**standing(100), max_per_customer=2), some_email()
    order = await house.pay(await house.book(event, places(event, 2), email=email))
    body = {"tickets": [order["tickets"][1]["id"]]}
    await house.call("POST", f"/orders/{order['id']}/refunds", body, token=order["secret"])
    await house.book(event, places(event, 1), email=email)
    assert problem(await house.try_book(event, [places(event)], email=email)) == (409, "limit_exceeded")


async def test_too_many_bookings_a_minute_say_when_to_come_back(mongo_url: str, redis_url: str) -> None:
    async with open_house(mongo_url, redis_url, sales={"bookings_per_minute": 2}) as house:
        event, email = await house.event(), some_email()
        answers = [await house.try_book(event, [places(event)], email=email) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert problem(answers[2]) == (429, "rate_limited")
        headers = answers[2].headers
        assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("2", "0")
        assert 1 <= int(headers["RateLimit-Reset"]) == int(headers["Retry-After"]) <= 60
        await house.book(event, email=some_email())
