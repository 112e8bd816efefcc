"""What cannot be booked is refused with a code, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.orders.house import House, Json, places, problem, seat, standing, type_id

CUSTOMER = {"name": "Ann", "email": "ann@example.com"}
BIG = 2**53 + 1


@pytest.fixture(scope="module")
async def event(house: House) -> Json:
    return await house.event()


@pytest.fixture(scope="module")
async def other(house: House) -> Json:
    fields: Json = {
        "ticket_types": [{"name": "Standing", "price": 1, "capacity": 5}, {"name": "Box", "price": 1}]
    }
    seats = {"sections": [{"name": "boxes", "ticket_type": "Box", "rows": [{"name": "B", "seats": 5}]}]}
    return await house.event(**fields, seating=seats)


async def post(house: House, event: Json, content: bytes, **headers: str) -> httpx.Response:
    sent = {"content-type": "application/json", **headers}
    path = f"/api/v1/events/{event['id']}/orders"
    return await house.client.post(path, content=content, headers=sent)


async def refused(house: House, event: Json, answer: httpx.Response) -> tuple[int, str]:
    assert await house.orders_of(event) == []
    return problem(answer)


@pytest.mark.parametrize(
    "quantity", [0, -1, 10**6, BIG, 1.5, "2", True, None, {"$ne": None}, [1], {"$gt": 0}]
)
async def test_quantities(house: House, event: Json, quantity: Any) -> None:
    answer = await house.try_book(event, [{"ticket_type_id": type_id(event), "quantity": quantity}])
    assert await refused(house, event, answer) == (422, "invalid")


async def test_more_than_one_order_may_have(house: House, event: Json) -> None:
    answer = await house.try_book(event, [places(event, 8), *(seat(n) for n in (1, 2, 3))])
    assert await refused(house, event, answer) == (409, "limit_exceeded")


ITEMS: dict[str, Callable[[Json], Any]] = {
    "none": lambda e: [],
    "not a list": lambda e: {"ticket_type_id": type_id(e), "quantity": 1},
    "null": lambda e: None,
    "the same seat twice": lambda e: [seat(1), seat(1)],
    "a seat that is not there": lambda e: [seat(6)],
    "a row that is not there": lambda e: [seat(1, row="Z")],
    "a seat of another event": lambda e: [seat(1), seat(1, row="B", section="boxes")],
    "a path": lambda e: [{"seat_id": "../../A/1"}],
    "a unit instead of an id": lambda e: [{"seat_id": "s/stalls/A/1"}],
    "an operator as seat": lambda e: [{"seat_id": {"$ne": None}}],
    "an operator as type": lambda e: [{"ticket_type_id": {"$gt": ""}, "quantity": 1}],
    "an unknown type": lambda e: [{"ticket_type_id": "tt_00000000000000000000000000", "quantity": 1}],
    "a dollar type": lambda e: [{"ticket_type_id": "$where", "quantity": 1}],
    "a seated type by number": lambda e: [places(e, 1, "Seat")],
    "a seat and a number": lambda e: [seat(1) | {"quantity": 1}],
    "a price": lambda e: [places(e) | {"price": 1}],
    "a unit price": lambda e: [places(e) | {"unit_price": 1}],
    "units": lambda e: [places(e) | {"units": ["g/x/1"]}],
    "too many lines": lambda e: [places(e)] * 101,
    "a very long seat": lambda e: [{"seat_id": "x" * 700}],
}


@pytest.mark.parametrize("case", ITEMS)
async def test_items(house: House, event: Json, case: str) -> None:
    body = {"items": ITEMS[case](event), "provider": "sandbox", "customer": CUSTOMER}
    answer = await house.call("POST", f"/events/{event['id']}/orders", body)
    assert await refused(house, event, answer) == (422, "invalid")
    assert answer.json()["errors"]


async def test_types_of_another_event(house: House, event: Json, other: Json) -> None:
    answer = await house.try_book(event, [places(other)])
    assert await refused(house, event, answer) == (422, "invalid")


@pytest.mark.parametrize(
    "name", ["status", "_id", "id", "role", "price", "total", "claims", "units", "kind", "$set"]
)
async def test_fields_that_are_ours(house: House, event: Json, name: str) -> None:
    answer = await house.try_book(event, [places(event)], **{name: "x"})
    assert await refused(house, event, answer) == (422, "invalid")


@pytest.mark.parametrize("provider", ["paypal", "SANDBOX", "", None, {"$ne": None}, ["sandbox"], 1])
async def test_providers(house: House, event: Json, provider: Any) -> None:
    answer = await house.try_book(event, [places(event)], provider=provider)
    status, code = await refused(house, event, answer)
    assert status == 422
    assert code in ("invalid", "unknown_provider")


CUSTOMERS: dict[str, Any] = {
    "nobody": None,
    "no email": {"name": "Ann"},
    "no name": {"email": "ann@example.com"},
    "an empty name": {"name": "  ", "email": "ann@example.com"},
    "an operator": {"name": "Ann", "email": {"$gt": ""}},
    "no mailbox": {"name": "Ann", "email": "ann"},
    "two lines in the email": {"name": "Ann", "email": "ann@example.com\r\nBcc: all@example.com"},
    "two lines in the name": {"name": "Ann\r\nBcc: all@example.com", "email": "ann@example.com"},
    "backwards": {"name": "Ann \u202egnp.exe", "email": "ann@example.com"},
    "a zero byte": {"name": "Ann\x00", "email": "ann@example.com"},
    "a long name": {"name": "A" * 201, "email": "ann@example.com"},
    "a phone in words": {"name": "Ann", "email": "ann@example.com", "phone": "call me"},
    "a role": {"name": "Ann", "email": "ann@example.com", "role": "admin"},
}


@pytest.mark.parametrize("case", CUSTOMERS)
async def test_customers(house: House, event: Json, case: str) -> None:
    answer = await house.try_book(event, [places(event)], customer=CUSTOMERS[case])
    assert await refused(house, event, answer) == (422, "invalid")


@pytest.mark.parametrize("flag", [1, "true", None, {}])
async def test_flags(house: House, event: Json, flag: Any) -> None:
    answer = await house.try_book(event, [places(event)], client_secret=flag)
    assert await refused(house, event, answer) == (422, "invalid")


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "half of it": b'{"items": [',
    "not a number": b'{"items": [{"ticket_type_id": "x", "quantity": NaN}]}',
    "endless": b'{"items": [{"ticket_type_id": "x", "quantity": Infinity}]}',
    "a key twice": b'{"provider": "sandbox", "provider": "stripe", "items": []}',
    "a large integer": b'{"items": [{"ticket_type_id": "x", "quantity": %d}]}' % BIG,
    "a very large integer": b'{"items": [{"ticket_type_id": "x", "quantity": ' + b"9" * 5000 + b"}]}",
    "ten thousand deep": b"[" * 10_000 + b"]" * 10_000,
    "ten thousand deep in a field": b'{"items": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    "a list": b"[]",
    "a word": b'"items"',
    "null": b"null",
    "not text": b'{"items": "\xff\xfe"}',
    "half a surrogate": b'{"items": [], "provider": "\\ud800"}',
}


@pytest.mark.parametrize("case", BODIES)
async def test_bodies(house: House, event: Json, case: str) -> None:
    assert await refused(house, event, await post(house, event, BODIES[case])) == (422, "invalid")


async def test_twenty_megabytes(house: House, event: Json) -> None:
    content = b'{"items": [], "provider": "' + b"x" * 20_000_000 + b'"}'
    assert await refused(house, event, await post(house, event, content)) == (413, "too_large")


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "text/json; x=application/json"]
)
async def test_other_media(house: House, event: Json, media: str) -> None:
    answer = await post(house, event, b"{}", **{"content-type": media})
    assert await refused(house, event, answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["x" * 256, "", "two words", "tab\there", "caf\xe9"])
async def test_keys(house: House, event: Json, key: str) -> None:
    body = {"items": [places(event)], "provider": "sandbox", "customer": CUSTOMER}
    headers = {"Idempotency-Key": key.encode("latin-1")}
    path = f"/api/v1/events/{event['id']}/orders"
    answer = await house.client.post(path, json=body, headers=headers)  # type: ignore[arg-type]
    assert await refused(house, event, answer) == (422, "invalid")


@pytest.mark.parametrize(
    "event_id", ["evt_00000000000000000000000000", "x", "%7B%22$ne%22:null%7D", "evt_%00", "$ne"]
)
async def test_events_that_are_not_there(house: House, event: Json, event_id: str) -> None:
    body = {"items": [places(event)], "provider": "sandbox", "customer": CUSTOMER}
    assert problem(await house.call("POST", f"/events/{event_id}/orders", body)) == (404, "not_found")


@pytest.mark.parametrize("token", ["x", "a.b.c", "us", "Bearer", "eyJhbGciOiJub25lIn0.e30."])
async def test_tokens_that_are_none(house: House, event: Json, token: str) -> None:
    """Not anonymous: whoever presents a token means to be somebody."""
    answer = await house.try_book(event, [places(event)], token=token, customer=CUSTOMER)
    assert (await refused(house, event, answer))[0] == 401


async def test_a_draft_is_not_there(house: House) -> None:
    event = await house.event(publish=False)
    assert await refused(house, event, await house.try_book(event, [places(event)])) == (404, "not_found")


async def test_an_event_that_has_begun(house: House) -> None:
    event = await house.event()
    past = {"$set": {"starts_at": datetime.now(UTC)}}
    await house.database["events"].update_one({"_id": event["id"]}, past)
    house.sales.catalogue.forget(event["id"])
    answer = await house.try_book(event, [places(event)])
    assert await refused(house, event, answer) == (409, "not_on_sale")


@pytest.mark.parametrize(
    "window",
    [{"sales_start": "2199-01-01T00:00:00Z"}, {"sales_end": "2026-01-01T00:00:00Z"}],
    ids=["not yet", "no more"],
)
async def test_outside_the_sale(house: House, window: Json) -> None:
    event = await house.event(**standing(5, **window))
    answer = await house.try_book(event, [places(event)])
    assert await refused(house, event, answer) == (409, "not_on_sale")
    assert answer.json()["ticket_type_id"] == type_id(event)


async def test_a_cancelled_event(house: House) -> None:
    event = await house.event()
    await house.cancel_event(event)
    answer = await house.try_book(event, [places(event)])
    assert await refused(house, event, answer) == (409, "event_cancelled")


async def test_a_blocked_seat(house: House) -> None:
    event = await house.event()
    kinds = [{"id": kind["id"]} for kind in event["ticket_types"]]
    fewer = {"sections": [{"name": "stalls", "ticket_type": "Seat", "rows": [{"name": "A", "seats": 4}]}]}
    await house.change(event, ticket_types=kinds, seating=fewer)
    answer = await house.try_book(event, [seat(5)])
    assert problem(answer)[1] in ("seat_taken", "invalid")
    await house.book(event, seat(4))


ACTIONS: dict[str, Any] = {
    "payments: nothing": ("payments", {}),
    "payments: an operator": ("payments", {"provider": {"$ne": None}}),
    "payments: not enabled": ("payments", {"provider": "paypal"}),
    "payments: ours": ("payments", {"provider": "sandbox", "status": "captured"}),
    "refunds: an operator": ("refunds", {"tickets": {"$ne": None}}),
    "refunds: none": ("refunds", {"tickets": []}),
    "refunds: twice": ("refunds", {"tickets": ["tkt_1", "tkt_1"]}),
    "refunds: both": ("refunds", {"tickets": ["tkt_1"], "amount": 5}),
    "refunds: zero": ("refunds", {"amount": 0}),
    "refunds: negative": ("refunds", {"amount": -5}),
    "refunds: a text": ("refunds", {"amount": "5"}),
    "refunds: large": ("refunds", {"amount": BIG}),
    "refunds: ours": ("refunds", {"status": "done"}),
    "refunds: two lines": ("refunds", {"reason": "a\nb"}),
}


@pytest.mark.parametrize("case", ACTIONS)
async def test_actions(house: House, case: str) -> None:
    path, body = ACTIONS[case]
    event = await house.event()
    order = await house.book(event)
    before = await house.document(order)
    answer = await house.call("POST", f"/orders/{order['id']}/{path}", body, token=order["secret"])
    status, code = problem(answer)
    assert status == 422
    assert code in ("invalid", "unknown_provider")
    assert await house.document(order) == before
