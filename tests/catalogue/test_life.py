"""An event from draft to cancelled: who sees it, what it tells, what a repeated request does."""

from __future__ import annotations

from datetime import timedelta

from tests.catalogue.house import NOW, House, event_body, seated_body, seating, type_of


async def test_a_new_event_is_a_draft_with_ids_and_defaults(house: House) -> None:
    event = await house.draft(**seated_body())
    assert event["status"] == "draft"
    assert event["version"] == 1
    assert event["hold_minutes"] == 5
    assert event["starts_at"] == "2027-03-31T12:00:00.000Z"
    assert event["seating"] == seating(A=20, B=10)
    standing, seat = type_of(event, "Standing"), type_of(event, "Seat")
    assert (standing["price"], standing["capacity"], standing["seated"]) == (2500, 100, False)
    assert (seat["price"], seat["capacity"], seat["seated"]) == (4000, 30, True)
    assert standing["id"].startswith("tt_")
    assert standing["id"] != seat["id"]
    assert "created_by" not in event


async def test_publishing_keeps_ids_and_tells(house: House) -> None:
    draft = await house.draft(**seated_body())
    event = (await house.post(f"/events/{draft['id']}/publish")).json()
    assert event == draft | {"status": "published", "version": 2}
    document = await house.document(event["id"])
    told = await house.told(event["id"])
    assert [entry["type"] for entry in told] == ["event.published"]
    assert told[0]["data"] == {"event_id": event["id"]}
    assert [entry["what"] for entry in document["history"]] == ["created", "published"]


async def test_publishing_again_changes_nothing(house: House) -> None:
    event = await house.published()
    again = await house.post(f"/events/{event['id']}/publish")
    assert again.status_code == 200
    assert again.json() == event


async def test_an_event_that_has_begun_is_not_published(house: House) -> None:
    event = await house.draft()
    house.clock.advance(timedelta(days=30))
    answer = await house.post(f"/events/{event['id']}/publish")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert (await house.document(event["id"]))["status"] == "draft"


async def test_cancelling_is_final(house: House) -> None:
    event = await house.published()
    path = f"/events/{event['id']}"
    cancelled = (await house.post(f"{path}/cancel")).json()
    assert cancelled == event | {"status": "cancelled", "version": 3}
    assert (await house.post(f"{path}/cancel")).json() == cancelled
    for answer in (await house.post(f"{path}/publish"), await house.patch(event["id"], {"name": "Back"})):
        assert (answer.status_code, answer.json()["code"]) == (409, "event_cancelled")
    told = [entry["type"] for entry in await house.told(event["id"])]
    assert told == ["event.published", "event.cancelled"]


async def test_drafts_are_for_staff(house: House) -> None:
    draft, shown = await house.draft(), await house.published()
    gone = await house.published()
    await house.post(f"/events/{gone['id']}/cancel")
    for token in ("", "customer"):
        assert (await house.get(f"/events/{draft['id']}", token=token)).status_code == 404
        assert (await house.get(f"/events/{shown['id']}", token=token)).status_code == 200
        assert (await house.get(f"/events/{gone['id']}", token=token)).status_code == 200
        listed = (await house.get("/events", token=token)).json()["items"]
        assert [event["id"] for event in listed] == [shown["id"]]
        assert (await house.get("/events?status=draft", token=token)).json()["items"] == []
    assert (await house.get(f"/events/{draft['id']}", token="staff")).status_code == 200
    assert len((await house.get("/events", token="staff")).json()["items"]) == 3
    drafts = (await house.get("/events?status=draft", token="staff")).json()["items"]
    assert [event["id"] for event in drafts] == [draft["id"]]
    assert (await house.get(f"/events/{draft['id']}/availability", token="staff")).status_code == 404


async def test_lists_in_pages_and_by_time(house: House) -> None:
    events = [await house.published(starts_at=f"2027-05-0{day}T18:00:00Z") for day in range(1, 6)]
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await house.get(f"/events?limit=2&cursor={cursor}")).json()
        found += [event["id"] for event in page["items"]]
        cursor = page["next_cursor"] or ""
    assert found == [event["id"] for event in events]
    assert cursor == ""
    between = (await house.get("/events?from=2027-05-02T18:00:00Z&to=2027-05-04T18:00:00Z")).json()
    assert [event["id"] for event in between["items"]] == [events[1]["id"], events[2]["id"]]
    for query in ("from=2027-05-02T18:00:00", "limit=0", "limit=201", "cursor=%21", "status=sold"):
        assert (await house.get(f"/events?{query}")).status_code == 422


async def test_one_key_makes_one_event(house: House) -> None:
    first = await house.post("/events", event_body(), key="k1")
    again = await house.post("/events", event_body(), key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await house.post("/events", event_body(name="Other"), key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert await house.database["events"].count_documents({}) == 1


async def test_a_key_replays_actions_and_changes(house: House) -> None:
    event = await house.draft()
    publish = f"/events/{event['id']}/publish"
    for path_or_body in (publish, {"name": "New", "version": 2}):
        first, again = [
            await house.post(path_or_body, key="k1")
            if isinstance(path_or_body, str)
            else await house.patch(event["id"], path_or_body, key="k1")
            for _ in range(2)
        ]
        assert first.status_code == again.status_code == 200
        assert first.json() == again.json()
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
    assert (await house.document(event["id"]))["version"] == 3


async def test_a_key_finds_its_change_though_its_answer_was_lost(house: House) -> None:
    """The process died between the change and the note that the request is done."""
    event = await house.published()
    body = {"name": "New", "version": 2}
    await house.patch(event["id"], body, key="k1")
    await house.database["idempotency_keys"].update_one(
        {"done": True}, {"$set": {"done": False, "lease": NOW}}
    )
    again = await house.patch(event["id"], body, key="k1")
    assert again.status_code == 200, again.text
    assert again.json()["version"] == 3
