"""What staff see of background work, what they may do, and who may not."""

from __future__ import annotations

import pytest

from app.core.ids import new_id
from app.core.jobs import JobQueue, job_id
from app.core.mongo import Database
from app.webhooks.service import Inbox
from tests.accounts.house import House
from tests.webhooks.fake_provider import SIGNED, notice

ADMIN = "/api/v1/admin"
READS = ["/jobs", "/jobs/failed", "/deliveries"]
ACTIONS = [
    "/jobs/pause",
    "/jobs/resume",
    "/jobs/job_01ARZ3NDEKTSV4RRFFQ69G5FAV/retry",
    "/deliveries/dlv_01ARZ3NDEKTSV4RRFFQ69G5FAV/retry",
]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", path) for path in READS] + [("POST", path) for path in ACTIONS]
)
async def test_customers_and_strangers_are_refused(house: House, method: str, path: str) -> None:
    customer = await house.customer()
    assert (await customer.call(method, ADMIN + path)).status_code == 401
    assert (await customer.do(method, ADMIN + path)).status_code == 403


async def test_jobs_are_counted_listed_and_paged(house: House, queue: JobQueue) -> None:
    admin = await house.admin()
    for _ in range(3):
        await queue.enqueue("handle_delivery", new_id("dlv"))
    first = (await admin.ask(f"{ADMIN}/jobs?limit=2")).json()
    assert first["stats"] == {"queued": 3, "running": 0, "done": 0, "failed": 0, "dead": 0, "paused": False}
    rest = (await admin.ask(f"{ADMIN}/jobs?limit=2&cursor={first['next_cursor']}")).json()
    assert len({job["id"] for job in first["items"] + rest["items"]}) == 3
    assert (await admin.ask(f"{ADMIN}/jobs?status=done")).json()["items"] == []
    assert (await admin.ask(f"{ADMIN}/jobs/failed")).json() == {"items": [], "next_cursor": None}


async def test_a_failed_job_is_retried_once_per_key(
    house: House, queue: JobQueue, database: Database
) -> None:
    admin = await house.admin()
    subject = new_id("dlv")
    await queue.enqueue("handle_delivery", subject)
    await database["jobs"].update_one({}, {"$set": {"status": "dead", "last_error": "Transient"}})
    [failed] = (await admin.ask(f"{ADMIN}/jobs/failed")).json()["items"]
    assert (failed["subject"], failed["last_error"]) == (subject, "Transient")
    url, key = f"{ADMIN}/jobs/{failed['id']}/retry", {"Idempotency-Key": "again"}
    answer = await admin.do("POST", url, headers=key)
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    await database["jobs"].update_one({}, {"$set": {"status": "dead"}})
    replay = await admin.do("POST", url, headers=key)
    assert (replay.json()["status"], replay.headers["Idempotency-Replayed"]) == ("dead", "true")
    await database["jobs"].update_one({}, {"$set": {"status": "done"}})
    assert (await admin.do("POST", url)).json()["code"] == "illegal_transition"
    absent = await admin.do("POST", f"{ADMIN}/jobs/{job_id('handle_delivery', new_id('dlv'))}/retry")
    assert absent.status_code == 404


async def test_pausing_and_resuming(house: House, queue: JobQueue) -> None:
    admin = await house.admin()
    assert (await admin.do("POST", f"{ADMIN}/jobs/pause")).json() == {"paused": True}
    assert await queue.paused()
    assert (await admin.ask(f"{ADMIN}/jobs")).json()["stats"]["paused"] is True
    assert (await admin.do("POST", f"{ADMIN}/jobs/resume")).json() == {"paused": False}
    assert not await queue.paused()


async def test_deliveries_are_listed_without_bodies_and_retried(
    house: House, inbox: Inbox, queue: JobQueue
) -> None:
    admin = await house.admin()
    await inbox.receive("fake", SIGNED, notice("evt_1", live=True))
    await inbox.receive("fake", SIGNED, notice("evt_2", ref=None))
    listed = (await admin.ask(f"{ADMIN}/deliveries")).json()["items"]
    assert [one["external_id"] for one in listed] == ["evt_2", "evt_1"]
    assert "body" not in listed[0]
    [parked] = (await admin.ask(f"{ADMIN}/deliveries?status=parked&provider=fake")).json()["items"]
    assert parked["reason"] == "live_mode"
    answer = await admin.do("POST", f"{ADMIN}/deliveries/{parked['id']}/retry")
    assert answer.json()["status"] == "received"
    assert [job.subject for job in await queue.listed()] == [parked["id"]]
    assert (await admin.do("POST", f"{ADMIN}/deliveries/{listed[0]['id']}/retry")).status_code == 409
