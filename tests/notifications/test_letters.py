"""What people get: the right letters, at the right address, with links that work once."""

from __future__ import annotations

from typing import Any

from tests.e2e.conftest import PASSWORD, bearer
from tests.notifications.office import Office, link, secret
from tests.notifications.smtp_server import body

NEW = "an even longer password"
HOSTILE = "<script>alert(1)</script> & {{ 7 * 7 }}"


async def test_signing_up_brings_one_link_that_verifies(office: Office) -> None:
    person = await office.person()
    await office.deliver()
    [letter] = person.letters()
    assert letter["Subject"] == "Confirm your email address"
    assert link(letter).startswith("http://127.0.0.1:9/account/verify#us_")
    assert "Ada" not in letter.as_string(), "a stranger's address must not get words of the one who typed it"
    assert (await office.post("/auth/verify", {"secret": secret(letter)}))[0] == 204
    assert (await office.post("/auth/verify", {"secret": secret(letter)}))[0] == 410


async def test_asking_again_brings_another_link_and_ends_the_first(office: Office) -> None:
    person = await office.person()
    await office.deliver()
    assert (await person.do("/me/verification"))[0] == 204
    await office.deliver()
    first, second = map(secret, person.letters())
    assert (await office.post("/auth/verify", {"secret": first}))[0] == 410
    assert (await office.post("/auth/verify", {"secret": second}))[0] == 204


async def test_a_forgotten_password_and_the_news_that_it_was_changed(office: Office) -> None:
    person = await office.person()
    await office.deliver()
    await office.post("/auth/password/forgot", {"email": person.email.upper()})
    await office.deliver()
    letter = person.letters()[-1]
    assert link(letter).startswith("http://127.0.0.1:9/account/reset#us_")
    changed = {"secret": secret(letter), "password": NEW}
    assert (await office.post("/auth/password/reset", changed))[0] == 204
    assert (await office.post("/auth/password/reset", changed))[0] == 410
    assert (await office.post("/auth/signin", {"email": person.email, "password": NEW}))[0] == 200
    await office.deliver()
    assert person.subjects() == [
        "Confirm your email address",
        "Choose a new password",
        "Your password was changed",
    ]
    assert NEW not in "".join(letter.as_string() for letter in person.letters())


async def test_changing_the_password_is_told_each_time(office: Office) -> None:
    person = await office.person()
    for current, new in ((PASSWORD, NEW), (NEW, PASSWORD)):
        answer = await person.do("/me/password", {"current_password": current, "new_password": new})
        assert answer[0] == 200
    await office.deliver()
    assert person.subjects().count("Your password was changed") == 2


async def test_nobody_is_mailed_about_an_address_without_an_account(office: Office) -> None:
    await office.post("/auth/password/forgot", {"email": "nobody@example.com"})
    await office.deliver()
    assert office.mailbox.letters == []
    assert await office.mails() == []


async def test_a_link_overtaken_before_it_was_sent_is_dropped(office: Office) -> None:
    person = await office.person()
    await office.hear()
    await person.do("/me/verification")
    await office.deliver()
    assert len(person.letters()) == 1
    assert sorted(mail["status"] for mail in await office.mails()) == ["dropped", "sent"]


async def test_a_guest_gets_the_way_back_to_the_order(office: Office) -> None:
    order, guest = await booked(office, {"name": "Ada", "email": "guest@example.com"})
    await office.deliver()
    [letter] = office.mailbox.to(guest)
    assert str(letter["Subject"]).startswith(f"Your booking {order['code']}: ")
    assert "{{ 7 * 7 }}" in str(letter["Subject"])
    assert "&lt;script&gt;" in body(letter, "html")
    assert "<script>" not in body(letter, "html")
    assert "2 x Free seat" in body(letter)
    assert "Total: 0.00 EUR" in body(letter)
    url, _, key = link(letter).partition("#")
    assert url == f"http://127.0.0.1:9/orders/{order['id']}"
    found = await office.house.client.get(f"/api/v1/orders/{order['id']}", headers=bearer(key))
    assert found.json()["id"] == order["id"]


async def test_an_owner_signs_in_instead(office: Office) -> None:
    person = await office.person()
    await office.deliver()
    await booked(office, token=person.token)
    await office.deliver()
    letter = person.letters()[-1]
    assert secret(letter) == ""
    assert "Keep it to yourself" not in body(letter)


async def test_money_that_goes_back_is_told_once_for_each_part(office: Office) -> None:
    order, guest = await booked(office, {"name": "Ada", "email": "payer@example.com"}, price=1250)
    services = office.house.services
    await office.house.client.post(f"/checkout/{order['id']}", data={"outcome": "paid"})
    for payment in await services.sales.payments.of_order(order["id"]):
        await services.sales.settlement.by_ref("sandbox", payment.ref or "")
    key = order["secret"]
    tickets = (await office.house.client.get(f"/api/v1/orders/{order['id']}", headers=bearer(key))).json()
    part = {"tickets": [tickets["tickets"][0]["id"]], "reason": "ill"}
    assert (await office.post(f"/orders/{order['id']}/refunds", part, key))[0] in (200, 201)
    assert (await office.post(f"/orders/{order['id']}/cancel", None, key))[0] == 200
    for _ in range(2):
        await office.deliver()
    letters = [letter for letter in office.mailbox.to(guest) if "Refund" in letter["Subject"]]
    assert len(letters) == 2
    assert all("12.50 EUR" in body(letter) for letter in letters)


async def booked(
    office: Office, customer: Any = None, token: str | None = None, price: int = 0
) -> tuple[Any, str]:
    admin = bearer(await office.house.token("admin"))
    event = {
        "name": HOSTILE,
        "venue": "Hall",
        "starts_at": "2100-05-01T19:00:00Z",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "ticket_types": [{"name": "Free seat", "price": price, "capacity": 10}],
    }
    client = office.house.client
    made = (await client.post("/api/v1/events", json=event, headers=admin)).json()
    await client.post(f"/api/v1/events/{made['id']}/publish", headers=admin)
    body: dict[str, Any] = {
        "items": [{"ticket_type_id": made["ticket_types"][0]["id"], "quantity": 2}],
        "provider": "sandbox",
    }
    status, order = await office.post(
        f"/events/{made['id']}/orders", body | ({"customer": customer} if customer else {}), token
    )
    assert status == 201, order
    return order, customer["email"] if customer else ""


async def test_free_bookings_in_a_strangers_name_bring_a_few_letters_only(office: Office) -> None:
    for _ in range(7):
        await booked(office, {"name": "Ada", "email": "stranger@example.com"})
        await office.deliver()
    assert len(office.mailbox.to("stranger@example.com")) == 5
