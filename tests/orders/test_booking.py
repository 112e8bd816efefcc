"""Booking: who gets what, and what the answer says."""

from __future__ import annotations

from app.core.mongo import Document
from tests.orders.house import House, places, problem, seat, standing, type_id


async def test_a_guest_books_places_and_seats(house: House) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2), seat(3), email="Ann@Example.com")
    assert order["status"] == "pending"
    assert order["total"] == {"amount": 10_000, "currency": "EUR"}
    assert order["payment"]["status"] == "unopened"
    assert order["payment"]["checkout_url"].endswith(f"/checkout/{order['id']}")
    assert order["secret"].startswith("us_")
    assert order["tickets"] == []
    assert len(order["code"]) == 8
    assert sorted(order["units"])[2] == "s/stalls/A/3"
    assert await house.availability(event) == {"Standing": (8, 2, 0), "Seat": (4, 1, 0)}


async def test_nothing_that_is_ours_alone_is_told(house: House) -> None:
    event = await house.event()
    order = await house.book(event, email="ann@example.com")
    text = (await house.call("GET", f"/orders/{order['id']}", token=order["secret"])).text
    for secret in ("example.com", "us_", "guest:", "key_version", "limits"):
        assert secret not in text


async def test_lines_of_one_type_are_one_item(house: House) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2), places(event, 1))
    assert [(i["quantity"], i["unit_price"]["amount"]) for i in order["items"]] == [(3, 2500)]


async def test_all_or_none(house: House) -> None:
    """The last line cannot be had, so nothing of the others is kept."""
    event = await house.event()
    await house.book(event, seat(1))
    answer = await house.try_book(event, [places(event, 3), seat(2), seat(1)])
    assert problem(answer) == (409, "seat_taken")
    assert answer.json()["seat_id"] == "stalls/A/1"
    assert await house.availability(event) == {"Standing": (10, 0, 0), "Seat": (4, 1, 0)}


async def test_more_than_there_are(house: House) -> None:
    event = await house.event(**standing(3))
    answer = await house.try_book(event, [places(event, 4)])
    assert problem(answer) == (409, "sold_out")
    assert answer.json()["ticket_type_id"] == type_id(event)
    await house.book(event, places(event, 3))
    assert problem(await house.try_book(event, [places(event, 1)])) == (409, "sold_out")


async def test_a_name_that_reads_like_a_field_stays_a_name(house: House) -> None:
    """Pipeline updates read ``$secret_hash`` as a field unless told that it is a text."""
    event = await house.event(name="$secret_hash")
    customer = {"name": "$secret_hash", "email": "dollar@example.com"}
    order = await house.book(event, places(event, 2), customer=customer, key="$$NOW")
    await house.let_time_pass(order)
    await house.sales.expiry.sweep()
    found: Document = await house.document(order)
    assert found["status"] == "expired"
    assert found["customer"] == customer
    assert found["idem"]["key"] == "$$NOW"
    assert [entry["cause"] for entry in found["history"]] == ["booked", "deadline passed"]
    assert (await house.show(order))["status"] == "expired"


async def test_free_places_are_confirmed_at_once(house: House) -> None:
    event = await house.event(**standing(5, price=0))
    answer = await house.try_book(event, [places(event, 2)], provider=None)
    order = answer.json()
    assert (answer.status_code, order["status"], order["payment"]) == (201, "confirmed", None)
    assert [ticket["status"] for ticket in order["tickets"]] == ["valid", "valid"]
    assert all(ticket["code"].startswith("us_") for ticket in order["tickets"])
    assert await house.availability(event) == {"Standing": (3, 0, 2)}
    cancelled = await house.call("POST", f"/orders/{order['id']}/cancel", token=order["secret"])
    assert cancelled.json()["status"] == "cancelled"
    assert await house.availability(event) == {"Standing": (5, 0, 0)}


async def test_paying_makes_tickets(house: House) -> None:
    event = await house.event()
    order = await house.book(event, places(event, 2), seat(5))
    paid = await house.pay(order)
    assert paid["status"] == "confirmed"
    assert paid["expires_at"] is None
    assert paid["payment"]["status"] == "captured"
    assert sorted(ticket["unit"] for ticket in paid["tickets"]) == sorted(order["units"])
    assert len({ticket["code"] for ticket in paid["tickets"]}) == 3
    assert [(entry["from"], entry["to"]) for entry in paid["history"]] == [
        (None, "pending"),
        ("pending", "pending"),
        ("pending", "confirmed"),
    ]
    assert await house.availability(event) == {"Standing": (8, 0, 2), "Seat": (4, 0, 1)}


async def test_a_secret_code_is_the_same_each_time_and_in_no_document(house: House) -> None:
    event = await house.event()
    paid = await house.pay(await house.book(event))
    again = await house.show(paid)
    assert again["tickets"] == paid["tickets"]
    assert "us_" not in str(await house.document(paid))


async def test_two_ticket_types_are_given_the_units_they_asked_for(house: House) -> None:
    """Tickets are dealt from the units in the order of the items, so types must not be mixed up."""
    event = await house.event()
    await house.book(event, places(event, 1))
    paid = await house.pay(await house.book(event, seat(2), places(event, 3), seat(4)))
    kinds = {ticket["unit"]: ticket["ticket_type_id"] for ticket in paid["tickets"]}
    for unit, kind in kinds.items():
        assert kind == type_id(event, "Seat" if unit.startswith("s/") else "Standing")
