"""A person's data in their own hands: timeline, export, erasure, and the forgetting of guests."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta
from typing import Any

import httpx
from ulid import ULID

from app.orders.service.retention import Retention
from tests.accounts.identity.files import picture
from tests.accounts.identity.sale import booked, everything, paid, published
from tests.e2e.conftest import PASSWORD, House, bearer


async def somebody(house: House) -> tuple[str, Any]:
    """Whose email, name and telephone number nobody else has."""
    mark, number = str(ULID()), random.randint(10**9, 10**10 - 1)
    body = {
        "email": f"canary-{mark}@example.com".lower(),
        "password": PASSWORD,
        "name": f"Canary {mark}",
        "phone": f"+4915{number}",
    }
    answer = (await house.client.post("/api/v1/auth/signup", json=body)).json()
    return answer["access_token"], answer["user"]


async def get(house: House, token: str, path: str) -> httpx.Response:
    return await house.client.get(f"/api/v1/me{path}", headers=bearer(token))


async def erase(house: House, token: str) -> httpx.Response:
    return await house.client.delete("/api/v1/me", headers=bearer(token))


async def order_of(house: House, id: str) -> Any:
    return await house.services.engines.mongo.database["orders"].find_one({"_id": id})


async def user_of(house: House, id: str) -> Any:
    return await house.services.engines.mongo.database["users"].find_one({"_id": id})


async def later(house: House, user: Any, by: timedelta) -> None:
    """As if the erasure had begun so long ago."""
    users = house.services.engines.mongo.database["users"]
    found = await users.find_one({"_id": user["id"]})
    assert found
    past = {"erased_at": found["erased_at"] - by, "erase_at": found["erased_at"]}
    await users.update_one({"_id": user["id"]}, {"$set": past})


async def test_the_timeline_is_one_s_own_newest_first_page_by_page(house: House) -> None:
    token, _ = await somebody(house)
    other, _ = await somebody(house)
    first, second = await published(house), await published(house, name="Encore")
    orders = [await booked(house, event, token) for event in (first, second)]
    await booked(house, first, other)
    found = (await get(house, token, "/timeline")).json()
    assert [item["id"] for item in found["items"]] == [orders[1]["id"], orders[0]["id"]]
    newest = found["items"][0]
    assert (newest["kind"], newest["status"], newest["title"]) == ("order", "pending", "Encore")
    assert newest["details"] == {
        "code": orders[1]["code"],
        "event_id": second["id"],
        "units": 2,
        "total": {"amount": 5000, "currency": "EUR"},
        "venue": "Hall",
        "starts_at": "2100-05-01T19:00:00.000Z",
        "timezone": "Europe/Berlin",
    }
    page = (await get(house, token, "/timeline?limit=1")).json()
    rest = (await get(house, token, f"/timeline?limit=1&cursor={page['next_cursor']}")).json()
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [orders[1]["id"], orders[0]["id"]]
    assert (await get(house, other, "/timeline")).json()["items"][0]["id"] not in str(found)
    assert (await house.client.get("/api/v1/me/timeline")).status_code == 401


async def test_the_export_holds_everything_and_admits_nobody(house: House) -> None:
    token, user = await somebody(house)
    headers = {**bearer(token), "Content-Type": "image/png"}
    await house.client.put("/api/v1/me/photo", content=picture(), headers=headers)
    order = await booked(house, await published(house), token)
    await paid(house, order)
    answer = await get(house, token, "/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="usher-export.json"'
    assert answer.headers["cache-control"] == "no-store"
    export = answer.json()
    assert export["account"]["email"] == user["email"]
    assert (export["account"]["name"], export["account"]["phone"]) == (user["name"], user["phone"])
    assert (export["has_password"], export["google_linked"]) == (True, False)
    assert export["photo"].startswith("data:image/webp;base64,")
    assert len(export["sessions"]) == 1
    exported = export["records"]["orders"][0]
    assert (exported["id"], exported["status"], exported["total"]["amount"]) == (
        order["id"],
        "confirmed",
        5000,
    )
    assert [ticket["code"] for ticket in exported["tickets"]] == [None, None]
    assert PASSWORD not in answer.text
    assert "us_" not in answer.text, "no secret of ours either"


async def test_all_orders_are_exported_however_many(house: House) -> None:
    token, user = await somebody(house)
    order = await booked(house, await published(house), token)
    orders = house.services.engines.mongo.database["orders"]
    template = await order_of(house, order["id"])
    for unwanted in ("claims", "limits", "deadline", "idem"):
        template.pop(unwanted, None)
    copies = [template | {"_id": f"ord_{ULID()}", "status": "expired"} for _ in range(450)]
    await orders.insert_many(copies)
    found = (await get(house, token, "/export")).json()["records"]["orders"]
    assert len({one["id"] for one in found}) == 451
    assert user["id"] == template["owner"]


async def test_erasure_leaves_the_money_and_not_the_person(house: House) -> None:
    token, user = await somebody(house)
    headers = {**bearer(token), "Content-Type": "image/png"}
    photo = (await house.client.put("/api/v1/me/photo", content=picture(), headers=headers)).json()
    event = await published(house)
    confirmed, pending = await booked(house, event, token), await booked(house, event, token, quantity=1)
    await paid(house, confirmed)
    before = await order_of(house, confirmed["id"])
    assert (await erase(house, token)).status_code == 204
    await later(house, user, timedelta(hours=2))
    await tell(house, user)
    assert await house.services.privacy.personal.sweep() == 1
    after = await order_of(house, confirmed["id"])
    for kept in ("total", "units", "claims", "tickets", "paid_by", "status", "items", "created_at"):
        assert after[kept] == before[kept], kept
    assert len(after["limits"]) == len(before["limits"])
    assert len(after["history"]) == after["version"] == before["version"] + 1
    payment = await house.services.engines.mongo.database["payments"].find_one({"order_id": confirmed["id"]})
    assert payment
    assert (payment["status"], payment["captured"]["amount"]) == ("captured", 5000)
    assert (await order_of(house, pending["id"]))["status"] == "pending", "it ends as any other does"
    assert await user_of(house, user["id"]) is None
    for name, text in (await everything(house)).items():
        for personal in (user["email"], user["name"], user["phone"]):
            assert personal not in text, f"{name} still knows {personal}"
    for name, text in (await everything(house, but=("messages", "jobs"))).items():
        assert user["id"] not in text, f"{name} still names the account"
    assert not photo["photo_url"] or (await house.client.get(photo["photo_url"])).status_code == 401


async def test_whoever_is_erased_is_out_at_once_and_may_come_again(house: House) -> None:
    token, user = await somebody(house)
    assert (await erase(house, token)).status_code == 204
    for path in ("", "/export", "/timeline"):
        assert (await get(house, token, path)).status_code == 401
    assert (await erase(house, token)).status_code == 401
    body = {"email": user["email"], "password": PASSWORD}
    assert (await house.client.post("/api/v1/auth/signin", json=body)).status_code == 401
    again = await house.client.post("/api/v1/auth/signup", json=body | {"name": "Another"})
    assert again.status_code == 201
    assert again.json()["user"]["id"] != user["id"]


async def test_an_erasure_repeated_with_its_key_is_answered_again(house: House) -> None:
    """The token says who asks, the key that it is the same request; nothing else opens a closed session."""
    token, user = await somebody(house)
    headers = bearer(token) | {"Idempotency-Key": "once"}
    answers = [await house.client.delete("/api/v1/me", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, True, True]
    other = await house.client.delete("/api/v1/me", headers=headers | {"Idempotency-Key": "twice"})
    assert (other.status_code, other.json()["code"]) == (401, "session_ended")
    assert (await get(house, token, "")).status_code == 401
    assert (await user_of(house, user["id"]))["version"] == 2
    forged = bearer(token[:-2]) | {"Idempotency-Key": "once"}
    assert (await house.client.delete("/api/v1/me", headers=forged)).status_code == 401


async def test_an_erasure_that_was_killed_goes_on_with_its_key(house: House) -> None:
    """Between the write that erases and the one that remembers the key."""
    token, user = await somebody(house)
    order = await booked(house, await published(house), token)
    keys = house.services.engines.mongo.database["idempotency_keys"]
    headers = bearer(token) | {"Idempotency-Key": "killed"}
    before = {record["_id"] async for record in keys.find()}
    assert (await house.client.delete("/api/v1/me", headers=headers)).status_code == 204
    [mine] = [record async for record in keys.find() if record["_id"] not in before]
    long_ago = house.services.engines.clock.now() - timedelta(minutes=1)
    await keys.update_one({"_id": mine["_id"]}, {"$set": {"done": False, "lease": long_ago}})
    orders = house.services.engines.mongo.database["orders"]
    await orders.update_one({"_id": order["id"]}, {"$set": {"owner": user["id"]}})
    assert (await house.client.delete("/api/v1/me", headers=headers)).status_code == 204
    assert "owner" not in await order_of(house, order["id"])


async def test_a_session_that_was_ended_erases_nothing(house: House) -> None:
    for headers in ({}, {"Idempotency-Key": "new"}):
        token, user = await somebody(house)
        assert (await house.client.post("/api/v1/auth/signout", headers=bearer(token))).status_code == 204
        refused = await house.client.delete("/api/v1/me", headers=bearer(token) | headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
        assert (await user_of(house, user["id"]))["name"] == user["name"]


async def test_a_stale_session_must_sign_in_first(house: House) -> None:
    token, user = await somebody(house)
    sessions = house.services.engines.mongo.database["sessions"]
    old = house.services.engines.clock.now() - timedelta(minutes=11)
    await sessions.update_many({"user_id": user["id"]}, {"$set": {"created_at": old}})
    refused = await erase(house, token)
    assert (refused.status_code, refused.json()["code"]) == (403, "sign_in_again")
    body = {"email": user["email"], "password": PASSWORD}
    fresh = (await house.client.post("/api/v1/auth/signin", json=body)).json()["access_token"]
    assert (await erase(house, fresh)).status_code == 204


async def test_whoever_holds_a_role_stays_accountable(house: House) -> None:
    for role in ("staff", "admin"):
        refused = await erase(house, await house.token(role))
        assert (refused.status_code, refused.json()["code"]) == (409, "role_held")


async def test_ten_erasures_at_once_are_one(house: House) -> None:
    token, user = await somebody(house)
    answers = await asyncio.gather(*(erase(house, token) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {204, 401}
    found = await user_of(house, user["id"])
    assert (found["version"], found["name"]) == (2, "")


async def test_an_order_that_slipped_in_is_struck_by_the_sweep(house: House) -> None:
    """Booked by a token that another process did not yet know to be over."""
    token, user = await somebody(house)
    order = await booked(house, await published(house), token)
    assert (await erase(house, token)).status_code == 204
    orders = house.services.engines.mongo.database["orders"]
    await orders.update_one({"_id": order["id"]}, {"$set": {"owner": user["id"]}})
    await house.services.privacy.personal.sweep()
    assert "owner" not in await order_of(house, order["id"])
    assert await user_of(house, user["id"]), "watched until no token can be good any more"


async def test_reasons_of_refunds_go_with_the_person(house: House) -> None:
    """Both the person's own and a guest's, paid out or still owed."""
    token, _ = await somebody(house)
    event = await published(house)
    own = await booked(house, event, token)
    guest = await booked(house, event, guest="canary@example.com")
    database, now = house.services.engines.mongo.database, house.services.engines.clock.now()
    admin = bearer(await house.token("admin"))
    for order in (own, guest):
        await paid(house, order)
        body = {"amount": 100, "reason": "Canary broke a leg"}
        path = f"/api/v1/orders/{order['id']}/refunds"
        assert (await house.client.post(path, json=body, headers=admin)).status_code == 200
        due = {"id": "ref_x", "payment_id": "pay_x", "amount": 1, "reason": "Canary again", "tickets": []}
        await database["orders"].update_one({"_id": order["id"]}, {"$push": {"refunds_due": due}})
    await erase(house, token)
    long_ago = {"$set": {"starts_at": now - timedelta(days=366)}}
    await database["events"].update_one({"_id": event["id"]}, long_ago)
    await house.services.privacy.retention.sweep()
    for order in (own, guest):
        [payment] = await database["payments"].find({"order_id": order["id"]}).to_list(None)
        assert [refund["reason"] for refund in payment["refunds"]] == ["erased"]
        found = await order_of(house, order["id"])
        assert [due["reason"] for due in found["refunds_due"]] == ["erased"]
        assert "Canary" not in str(payment) + str(found)


async def test_the_holder_of_a_ticket_gets_in_after_the_erasure(house: House) -> None:
    token, _ = await somebody(house)
    order = await booked(house, await published(house), token)
    await paid(house, order)
    before = await order_of(house, order["id"])
    await erase(house, token)
    assert (await order_of(house, order["id"]))["tickets"] == before["tickets"]


async def test_guests_are_forgotten_a_year_after_their_event(house: House) -> None:
    token, user = await somebody(house)
    event, other = await published(house), await published(house)
    guest = await booked(house, event, guest="canary@example.com")
    owned = await booked(house, event, token)
    waiting = await booked(house, other, guest="canary@example.com")
    before = await order_of(house, guest["id"])
    events = house.services.engines.mongo.database["events"]
    now = house.services.engines.clock.now()
    for days, forgotten in ((364, False), (366, True)):
        await events.update_one({"_id": event["id"]}, {"$set": {"starts_at": now - timedelta(days=days)}})
        assert await house.services.privacy.retention.sweep() == (1 if forgotten else 0)
        after = await order_of(house, guest["id"])
        assert ("canary@example.com" in json.dumps(after, default=str)) is not forgotten
    assert "customer" not in after
    assert after["total"] == before["total"]
    assert before["caller"] not in str(after), "nor by the hash of the address"
    assert [limit.rpartition("/")[0] for limit in after["limits"]] == [guest["id"], guest["id"]]
    assert (await order_of(house, owned["id"]))["owner"] == user["id"]
    assert "customer" in await order_of(house, waiting["id"])
    assert await house.services.privacy.retention.sweep() == 0


async def test_guests_of_an_event_that_goes_on_are_known(house: House) -> None:
    event = await published(house)
    guest = await booked(house, event, guest="canary@example.com")
    events, now = house.services.engines.mongo.database["events"], house.services.engines.clock.now()
    goes_on = {"starts_at": now - timedelta(days=500), "ends_at": now - timedelta(days=100)}
    await events.update_one({"_id": event["id"]}, {"$set": goes_on})
    await house.services.privacy.retention.sweep()
    assert "customer" in await order_of(house, guest["id"])
    sales = house.services.sales
    clock = house.services.engines.clock
    never = Retention(sales.repositories[2], sales.payments, sales.catalogue, clock, days=0)
    assert await never.sweep() == 0


async def tell(house: House, user: Any) -> None:
    """As the relay does: an account with something to say is not gone yet."""
    assert await house.services.privacy.personal.sweep() == 1
    assert (await user_of(house, user["id"]))["outbox"], "not before its last message has left"
    users = house.services.engines.mongo.database["users"]
    await users.update_one({"_id": user["id"]}, {"$set": {"outbox": []}})
    await users.update_one({"_id": user["id"]}, {"$set": {"erase_at": house.services.engines.clock.now()}})
