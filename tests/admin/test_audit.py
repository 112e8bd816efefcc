"""Who did what: written with the action itself, read by admins, about nobody's person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.admin.models import AuditEntry
from app.admin.service import AuditRetention
from app.core.ids import first_id, new_id
from tests.admin.audit_house import EVENT, Office, an_office
from tests.e2e.conftest import bearer


@pytest.fixture
async def office(mongo_url: str, redis_url: str) -> AsyncIterator[Office]:
    async with an_office(mongo_url, redis_url) as office:
        yield office


def seen(entries: list[Any]) -> list[tuple[str, str]]:
    """Oldest first."""
    return [(entry["what"], entry["subject"]) for entry in reversed(entries)]


async def test_the_life_of_an_event(office: Office) -> None:
    event = await office.do("POST", "/events", EVENT, X_Request_Id="request-create")
    path = f"/events/{event['id']}"
    await office.do("POST", f"{path}/publish")
    change = {"name": "Another show", "ticket_types": [{"name": "Hall", "capacity": 8}]}
    await office.do("PATCH", path, change)
    await office.do("POST", f"{path}/cancel")
    entries = await office.audit()
    what = ("event.created", "event.published", "event.updated", "event.cancelled")
    assert seen(entries) == [(one, event["id"]) for one in what]
    by = await office.id_of(office.admin)
    assert {entry["by"] for entry in entries} == {by}
    cancelled, updated, published, created = entries
    assert (created["request_id"], created["before"]) == ("request-create", None)
    assert created["after"]["name"] == "Show"
    assert (published["before"], published["after"]) == ({"status": "draft"}, {"status": "published"})
    assert (updated["before"]["name"], updated["after"]["name"]) == ("Show", "Another show")
    assert updated["before"]["ticket_types"][0]["capacity"] == 10
    assert updated["after"]["ticket_types"][0]["capacity"] == 8
    assert (cancelled["before"], cancelled["after"]) == ({"status": "published"}, {"status": "cancelled"})


async def test_entries_go_after_the_days_that_were_set_and_else_stay(office: Office) -> None:
    event = await office.do("POST", "/events", EVENT)
    log, now = office.house.services.news.audit, office.house.services.engines.clock.now()
    for days, what in ((31, "event.old"), (29, "event.young")):
        at = now - timedelta(days=days)
        entry = AuditEntry(first_id("aud", at), at, "usr_x", what, event["id"], None, None, "request")
        await log.add(entry)
    for days, left in ((0, ["event.old", "event.young"]), (30, ["event.young"])):
        await AuditRetention(log, office.house.services.engines.clock, days).sweep()
        found = [what for what, _ in seen(await office.audit(f"?subject={event['id']}"))]
        assert found == [*left, "event.created"]


async def test_what_staff_do_to_orders_and_what_customers_do_to_their_own(office: Office) -> None:
    staff, customer = await office.house.token("staff"), await office.house.token("customer")
    event = await office.event()
    theirs, own = [await office.paid_order(event, customer) for _ in range(2)]
    await office.audit()
    refund = {"amount": 100, "reason": "Ms Ada Lovelace, ada@example.com, complained"}
    await office.do("POST", f"/orders/{theirs['id']}/refunds", refund, token=staff)
    await office.do("POST", f"/orders/{theirs['id']}/cancel", token=staff)
    await office.do("POST", f"/orders/{own['id']}/cancel", token=customer)
    entries = await office.audit(f"?by={await office.id_of(staff)}")
    assert seen(entries) == [("order.refunds", theirs["id"]), ("order.cancel", theirs["id"])]
    assert entries[1]["after"] == {"tickets": None, "amount": 100}
    assert "ada@example.com" not in str(entries)
    assert await office.audit(f"?subject={own['id']}") == []


async def test_accounts_and_keys(office: Office) -> None:
    customer = await office.id_of(await office.house.token("customer"))
    await office.do("PATCH", f"/users/{customer}", {"role": "staff"})
    key = await office.do("POST", "/api-keys", {"name": "Door", "permissions": ["events:write"]})
    event = await office.do("POST", "/events", EVENT, token=key["secret"])
    await office.do("DELETE", f"/api-keys/{key['id']}")
    entries = await office.audit()
    assert seen(entries) == [
        ("user.administered", customer),
        ("api_key.created", key["id"]),
        ("event.created", event["id"]),
        ("api_key.revoked", key["id"]),
    ]
    assert entries[1]["by"] == key["id"], "a machine answers for itself"
    assert (entries[3]["before"]["role"], entries[3]["after"]["role"]) == ("customer", "staff")


async def test_background_work(office: Office) -> None:
    services = office.house.services
    queue, database, now = services.news.queue, services.engines.mongo.database, services.engines.clock.now()
    delivery = {"_id": new_id("dlv"), "provider": "sandbox", "external_id": "1", "type": "x", "ref": None}
    rest = {"status": "parked", "reason": "live_mode", "tries": 0, "last_error": None, "handled_at": None}
    await database["deliveries"].insert_one(delivery | rest | {"received_at": now})
    await queue.enqueue("handle_delivery", str(delivery["_id"]))
    await database["jobs"].update_one({}, {"$set": {"status": "dead"}})
    [job] = (await office.do("GET", "/admin/jobs/failed"))["items"]
    await office.do("POST", "/admin/jobs/pause")
    await office.do("POST", "/admin/jobs/resume")
    await office.do("POST", f"/admin/jobs/{job['id']}/retry")
    await office.do("POST", f"/admin/deliveries/{delivery['_id']}/retry")
    entries = await office.audit()
    assert seen(entries) == [
        ("jobs.paused", "jobs"),
        ("jobs.resumed", "jobs"),
        ("job.retried", job["id"]),
        ("delivery.retried", delivery["_id"]),
    ]
    assert [entry["before"] for entry in reversed(entries)] == [
        {"paused": False},
        {"paused": True},
        {"status": "dead"},
        {"status": "parked"},
    ]


async def test_told_with_the_action_however_long_no_worker_listens(office: Office) -> None:
    """The entry lies in the very document the action changed: no crash can part the two."""
    event = await office.do("POST", "/events", EVENT)
    assert (await office.do("GET", "/admin/audit"))["items"] == []
    document = await office.house.services.engines.mongo.database["events"].find_one({"_id": event["id"]})
    assert document is not None
    assert [entry["stream"] for entry in document["outbox"]] == ["audit"]
    assert len(await office.audit()) == 1


async def test_heard_twice_it_is_kept_once(office: Office) -> None:
    await office.event()
    told = await office.keep()
    await office.hear(told * 2)
    assert len(await office.audit()) == len(told) == 2


async def test_what_is_refused_or_changes_nothing_leaves_no_entry(office: Office) -> None:
    event = await office.event()
    await office.audit()
    staff = await office.house.token("staff")
    before = len(await office.audit())
    await office.do("POST", f"/events/{event['id']}/publish")
    await office.do("PATCH", f"/events/{event['id']}", {"name": "Show"})
    await office.do("PATCH", f"/events/{event['id']}", {"name": "X", "version": 1}, ok=False)
    await office.do("POST", f"/events/{event['id']}/cancel", token=staff, ok=False)
    await office.do("POST", "/admin/jobs/pause", token=staff, ok=False)
    assert len(await office.audit()) == before


async def test_a_replay_is_not_a_second_action(office: Office) -> None:
    for _ in range(2):
        await office.do("POST", "/events", EVENT, Idempotency_Key="once")
    assert len(await office.audit()) == 1


async def test_filters_and_pages(office: Office) -> None:
    first = await office.do("POST", "/events", EVENT)
    second = await office.event()
    everything = await office.audit()
    assert len(everything) == 3
    assert len(await office.audit("?what=event.created")) == 2
    assert seen(await office.audit(f"?subject={first['id']}")) == [("event.created", first["id"])]
    assert len(await office.audit(f"?subject={second['id']}&what=event.published")) == 1
    newest = everything[0]["at"]
    assert await office.audit(f"?from={newest}") == everything[:1]
    assert await office.audit(f"?to={newest}") == everything[1:]
    page = await office.do("GET", "/admin/audit?limit=2")
    rest = await office.do("GET", f"/admin/audit?limit=2&cursor={page['next_cursor']}")
    assert page["items"] + rest["items"] == everything
    assert rest["next_cursor"] is None


async def test_only_admins_and_machines_with_the_permission_read_it(office: Office) -> None:
    await office.event()
    for role in ("customer", "staff"):
        await office.do("GET", "/admin/audit", token=await office.house.token(role), ok=False)
    deaf = await office.do("POST", "/api-keys", {"name": "Deaf", "permissions": ["work:read"]})
    await office.do("GET", "/admin/audit", token=deaf["secret"], ok=False)
    reader = await office.do("POST", "/api-keys", {"name": "Reader", "permissions": ["audit:read"]})
    await office.do("GET", "/admin/audit", token=reader["secret"])
    assert (await office.house.client.get("/api/v1/admin/audit")).status_code == 401
    answer = await office.house.client.delete("/api/v1/admin/audit", headers=bearer(office.admin))
    assert answer.status_code == 405
