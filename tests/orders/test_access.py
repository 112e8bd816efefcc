"""An order is its owner's, the bearer's of its secret, and the staff's. Nobody else learns anything of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.orders.house import House, Json, places, problem, some_email

PATHS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("POST", "/cancel", None),
    ("POST", "/payments", {"provider": "sandbox"}),
    ("POST", "/refunds", {}),
]
ABSENT = "ord_01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def test_a_guest_comes_back_with_the_secret(house: House) -> None:
    order = await house.book(await house.event())
    assert (await house.show(order))["id"] == order["id"]


async def test_an_owner_needs_no_secret(house: House) -> None:
    token, _ = await house.customer()
    order = await house.book(await house.event(), token=token)
    assert order["secret"] is None
    assert (await house.show(order, token))["id"] == order["id"]


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_foreign_and_absent_look_the_same(house: House, method: str, path: str, body: Any) -> None:
    event = await house.event()
    mine, theirs = await house.book(event), await house.book(event)
    stranger, _ = await house.customer()
    before = await house.document(theirs)
    for token in (mine["secret"], stranger):
        foreign = await house.call(method, f"/orders/{theirs['id']}{path}", body, token=token)
        absent = await house.call(method, f"/orders/{ABSENT}{path}", body, token=token)
        assert problem(foreign) == problem(absent) == (404, "not_found")
        assert without_id(foreign.json()) == without_id(absent.json())
    assert await house.document(theirs) == before


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_nobody_learns_nothing(house: House, method: str, path: str, body: Any) -> None:
    order = await house.book(await house.event())
    before = await house.document(order)
    answers = [
        await house.call(method, f"/orders/{one}{path}", body) for one in (order["id"], ABSENT, "$ne", "x")
    ]
    assert {answer.status_code for answer in answers} <= {401, 404}
    assert len({(a.status_code, str(without_id(a.json()))) for a in answers}) == 1
    assert await house.document(order) == before


@pytest.mark.parametrize(
    "change", [str.lower, lambda s: s[:-1], lambda s: s + "A", lambda s: "us_" + "A" * 43]
)
async def test_a_secret_is_the_whole_secret(house: House, change: Any) -> None:
    order = await house.book(await house.event())
    answer = await house.call("GET", f"/orders/{order['id']}", token=change(order["secret"]))
    assert answer.status_code in (401, 404)


async def test_the_secret_of_a_ticket_opens_no_order(house: House) -> None:
    paid = await house.pay(await house.book(await house.event()))
    answer = await house.call("GET", f"/orders/{paid['id']}", token=paid["tickets"][0]["code"])
    assert problem(answer) == (404, "not_found")


async def test_a_secret_is_good_for_its_order_only(house: House) -> None:
    order = await house.book(await house.event())
    for path in ("/orders", "/me", "/users"):
        answer = await house.call("GET", path, token=order["secret"])
        assert problem(answer)[0] in (401, 403)


async def test_staff_see_every_order_but_no_codes(house: House) -> None:
    paid = await house.pay(await house.book(await house.event()))
    shown = await house.show(paid, house.admin)
    assert shown["status"] == "confirmed"
    assert [ticket["code"] for ticket in shown["tickets"]] == [None]


async def test_my_orders_are_mine_newest_first_page_by_page(house: House) -> None:
    event = await house.event()
    token, _ = await house.customer()
    other, _ = await house.customer()
    await house.book(event, token=other)
    mine = [(await house.book(event, token=token))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        page = (await house.call("GET", f"/orders?limit=2&cursor={cursor}", token=token)).json()
        seen += [order["id"] for order in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == mine[::-1]
    assert problem(await house.call("GET", "/orders")) == (401, "unauthorized")


async def test_an_order_of_another_event_is_not_found_under_this_one(house: House) -> None:
    event, other = await house.event(), await house.event()
    await house.book(event, places(event))
    assert await house.orders_of(other) == []


def without_id(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "request_id"}


async def test_a_limited_machine_books_where_it_is_limited_to(house: House) -> None:
    """The other event is open to everybody, yet a key that leaked ends where its limits do."""
    own, other = await house.event(), await house.event()
    for scope, expected in (({"events": [own["id"]]}, 404), (None, 201)):
        body = {"name": "Box office", "permissions": ["orders:create"], "scope": scope}
        made = await house.call("POST", "/api-keys", body, token=house.admin)
        customer = {"name": "Ann", "email": some_email()}
        answers = [
            await house.try_book(event, [places(event)], token=made.json()["secret"], customer=customer)
            for event in (own, other)
        ]
        assert [answer.status_code for answer in answers] == [201, expected]
    assert problem(await house.try_book(other | {"id": "evt_absent"}, [places(other)])) == (404, "not_found")
