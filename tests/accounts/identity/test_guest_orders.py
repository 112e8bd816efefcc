"""Orders made as a guest belong to the account that has shown the address to be its own, and to no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.accounts.identity.sale import booked, paid, published
from tests.accounts.identity.test_personal import erase, get, order_of, somebody
from tests.e2e.conftest import House, bearer


async def verified(house: House, user: Any) -> None:
    """As if the link in the mail had been followed."""
    users, now = house.services.engines.mongo.database["users"], house.services.engines.clock.now()
    await users.update_one({"_id": user["id"]}, {"$set": {"email_verified_at": now}})


async def shown(house: House, token: str) -> tuple[list[str], list[str]]:
    """Order ids of the timeline, one to a page, and those of the export."""
    timeline: list[str] = []
    cursor = ""
    while True:
        page = (await get(house, token, f"/timeline?limit=1{cursor}")).json()
        timeline += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    export = (await get(house, token, "/export")).json()
    return timeline, [order["id"] for order in export["records"]["orders"]]


async def test_a_verified_address_shows_what_was_booked_with_it(house: House) -> None:
    token, user = await somebody(house)
    event, other = await published(house), await published(house)
    before = await booked(house, event, guest=user["email"].upper())
    own = await booked(house, event, token, quantity=1)
    after = await booked(house, other, guest=user["email"])
    await booked(house, event, guest="somebody-else@example.com")
    assert await shown(house, token) == ([own["id"]], [own["id"]]), "whoever types an address proves nothing"
    await verified(house, user)
    newest_first = [after["id"], own["id"], before["id"]]
    assert await shown(house, token) == (newest_first, newest_first)
    exported = (await get(house, token, "/export")).json()["records"]["orders"]
    assert exported[0]["customer"]["name"] == "Canary Guest"
    assert "us_" not in str(exported), "the guest's secret is not in it"


async def test_erasure_strikes_them_too(house: House) -> None:
    token, user = await somebody(house)
    await verified(house, user)
    event = await published(house)
    guest = await booked(house, event, guest=user["email"])
    foreign = await booked(house, event, guest="somebody-else@example.com")
    await paid(house, guest)
    refund = {"amount": 100, "reason": "Canary broke a leg"}
    admin = bearer(await house.token("admin"))
    await house.client.post(f"/api/v1/orders/{guest['id']}/refunds", json=refund, headers=admin)
    before = await order_of(house, guest["id"])
    assert (await erase(house, token)).status_code == 204
    after = await order_of(house, guest["id"])
    assert (after["total"], after["tickets"], after["claims"]) == (
        before["total"],
        before["tickets"],
        before["claims"],
    )
    assert "customer" not in after
    payment = await house.services.engines.mongo.database["payments"].find_one({"order_id": guest["id"]})
    assert payment
    assert payment["captured"]["amount"] == 5000
    for gone in (user["email"], "Canary", before["caller"]):
        assert gone not in str(after) + str(payment)
    assert "customer" in await order_of(house, foreign["id"])


async def test_what_slipped_in_is_struck_and_what_came_later_is_not(house: House) -> None:
    """The same address may book again at once, and wants its letter."""
    token, user = await somebody(house)
    await verified(house, user)
    event, other = await published(house), await published(house)
    assert (await erase(house, token)).status_code == 204
    late, new = (
        await booked(house, event, guest=user["email"]),
        await booked(house, other, guest=user["email"]),
    )
    orders = house.services.engines.mongo.database["orders"]
    under_way = house.services.engines.clock.now() - timedelta(minutes=5)
    await orders.update_one({"_id": late["id"]}, {"$set": {"created_at": under_way}})
    await house.services.engines.mongo.database["users"].update_one(
        {"_id": user["id"]}, {"$set": {"erase_at": under_way}}
    )
    await house.services.privacy.personal.sweep()
    assert "customer" not in await order_of(house, late["id"])
    assert (await order_of(house, new["id"]))["customer"]["email"] == user["email"]


async def test_an_address_nobody_verified_erases_nothing_of_others(house: House) -> None:
    """Or whoever signs a stranger's address up could strike the stranger from their orders."""
    token, user = await somebody(house)
    guest = await booked(house, await published(house), guest=user["email"])
    assert (await erase(house, token)).status_code == 204
    assert (await order_of(house, guest["id"]))["customer"]["email"] == user["email"]
