"""Keys for machines: what they open, what they do not, and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import pytest

from app.accounts.deps import admin_or, anyone_or, bearing_or, event_staff_or, staff_or, whole_house_or
from app.accounts.models import Caller
from app.core.clock import rfc3339
from app.core.ids import new_id
from tests.accounts.house import House, Person, describe

KEYS = "/api/v1/api-keys"
EVENT = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "evt_01BX5ZZKBKACTAV9WEVGEMMVRZ"
CLOSED_TO_MACHINES = ["/staff", "/admin", "/signed-in", "/any", "/api/v1/me", "/api/v1/users", KEYS]
OPEN_WITH_PERMISSION = [
    "/m/staff",
    "/m/admin",
    "/m/anyone",
    "/m/bearing",
    "/m/house",
    f"/m/events/{EVENT}",
]


@pytest.fixture
def house(house: House) -> House:
    """With a route for each way of taking machines."""
    ways: dict[str, Any] = {
        "staff": staff_or,
        "admin": admin_or,
        "anyone": anyone_or,
        "bearing": bearing_or,
        "house": whole_house_or,
        "events/{event_id}": event_staff_or,
    }
    for path, way in ways.items():
        house.app.add_api_route(f"/m/{path}", _answering(Annotated[Caller, way("stats:read")]))
    return house


def _answering(caller_type: Any) -> Any:
    async def answer(caller: Caller) -> dict[str, Any]:
        return describe(caller) | {"api_key": caller.api_key, "events": caller.events}

    answer.__annotations__["caller"] = caller_type
    return answer


async def made(house: House, admin: Person | None = None, **fields: Any) -> dict[str, Any]:
    body = {"name": "Box office", "permissions": ["stats:read"]} | fields
    answer = await (admin or await house.admin()).do("POST", KEYS, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(house: House, path: str, token: str) -> Any:
    return await house.person().call("GET", path, bearer=token)


async def test_a_key_opens_what_it_is_permitted(house: House) -> None:
    key = await made(house)
    for path in OPEN_WITH_PERMISSION:
        answer = await ask(house, path, key["secret"])
        assert answer.status_code == 200, path
        assert (answer.json()["key"], answer.json()["user_id"]) == (key["id"], None)


async def test_without_the_permission_it_opens_nothing(house: House) -> None:
    key = await made(house, permissions=["events:read", "events:write", "work:write"])
    for path in OPEN_WITH_PERMISSION:
        answer = await ask(house, path, key["secret"])
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), path
        assert answer.json()["needs"] == "stats:read"


@pytest.mark.parametrize("path", CLOSED_TO_MACHINES)
async def test_a_route_that_names_no_permission_takes_no_machines(house: House, path: str) -> None:
    key = await made(house)
    answer = await ask(house, path, key["secret"])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_a_key_within_limits_sees_no_other_event_and_nothing_of_the_whole_house(house: House) -> None:
    key = await made(house, scope={"events": [EVENT]})
    assert (await ask(house, f"/m/events/{EVENT}", key["secret"])).json()["events"] == [EVENT]
    assert (await ask(house, f"/m/events/{OTHER}", key["secret"])).status_code == 404
    assert (await ask(house, "/m/house", key["secret"])).status_code == 403


async def test_a_revoked_key_is_refused_at_the_next_request_of_any_process(house: House) -> None:
    admin = await house.admin()
    key = await made(house, admin)
    other_process = House(house.database, house.redis, clock=house.clock)
    revoked = (await admin.do("DELETE", f"{KEYS}/{key['id']}")).json()
    assert revoked["revoked_at"] is not None
    for one, path in ((house, "/m/staff"), (house, "/m/anyone"), (other_process, "/staff")):
        answer = await ask(one, path, key["secret"])
        assert (answer.status_code, answer.json()["code"]) == (401, "api_key_ended")
    again = await admin.do("DELETE", f"{KEYS}/{key['id']}")
    assert again.json() == revoked


async def test_a_key_says_when_it_was_used_and_writes_it_once_an_hour(house: House) -> None:
    admin = await house.admin()
    key = await made(house, admin)
    assert key["last_used_at"] is None
    minutes_ago = []
    for minutes in (0, 59, 1, 59):
        house.clock.advance(timedelta(minutes=minutes))
        await ask(house, "/m/staff", key["secret"])
        found = await house.database["api_keys"].find_one({"_id": key["id"]})
        assert found is not None
        assert found["version"] == 1, "using it changes nothing"
        minutes_ago.append((house.clock.now() - found["last_used_at"]) // timedelta(minutes=1))
    assert minutes_ago == [0, 59, 0, 59]
    listed = (await (await house.admin()).ask(KEYS)).json()["items"]
    assert [one["last_used_at"] for one in listed] == [rfc3339(house.clock.now() - timedelta(minutes=59))]


async def test_a_key_ends_when_it_said_it_would(house: House) -> None:
    key = await made(house, expires_at=rfc3339(house.clock.now() + timedelta(hours=1)))
    assert (await ask(house, "/m/staff", key["secret"])).status_code == 200
    house.clock.advance(timedelta(hours=1))
    assert (await ask(house, "/m/staff", key["secret"])).json()["code"] == "api_key_ended"


async def test_the_secret_is_told_once_and_stored_nowhere(house: House) -> None:
    admin = await house.admin()
    key = await made(house, admin)
    listed = (await admin.ask(KEYS)).json()["items"]
    assert [(one["id"], one["secret"]) for one in listed] == [(key["id"], None)]
    secret = key["secret"].rpartition(".")[2]
    for name in await house.database.list_collection_names():
        async for document in house.database[name].find():
            assert secret not in str(document), name


async def test_the_same_idempotency_key_gives_the_same_key(house: House) -> None:
    admin = await house.admin()
    body = {"name": "Box office", "permissions": ["stats:read"]}
    headers = {"Idempotency-Key": "once"}
    first = await admin.do("POST", KEYS, body, headers=headers)
    second = await admin.do("POST", KEYS, body, headers=headers)
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    other = await admin.do("POST", KEYS, body | {"permissions": ["events:write"]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_only_admins_make_and_end_keys(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    key = await made(house, admin)
    body = {"name": "Mine", "permissions": ["events:write"]}
    assert (await person.do("POST", KEYS, body)).status_code == 403
    await admin.do("PATCH", f"/api/v1/users/{person.id}", {"role": "staff"})
    for method, path in (("POST", KEYS), ("GET", KEYS), ("DELETE", f"{KEYS}/{key['id']}")):
        assert (await person.do(method, path, body if method == "POST" else None)).status_code == 403
        assert (await person.call(method, path, body, bearer=key["secret"])).status_code == 403
    assert (await admin.do("DELETE", f"{KEYS}/{new_id('key')}")).status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {"permissions": []},
        {"permissions": ["everything"]},
        {"permissions": "stats:read"},
        {"scope": {"events": ["x"]}},
        {"scope": {"events": [{"$ne": None}]}},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"name": ""},
        {"role": "admin"},
        {"id": "key_x"},
    ],
)
async def test_bodies_that_make_no_sense(house: House, bad: dict[str, Any]) -> None:
    body = {"name": "Box office", "permissions": ["stats:read"]} | bad
    assert (await (await house.admin()).do("POST", KEYS, body)).status_code == 422


async def test_forged_keys_are_refused_without_asking_the_database(house: House) -> None:
    key = await made(house)
    head, _, secret = key["secret"].rpartition(".")
    ulid, _, version = head.removeprefix("uk_").partition(".")
    flipped = secret[:-2] + ("A" if secret[-2] != "A" else "B") + secret[-1]
    forged = [
        f"{head}.{flipped}",
        f"uk_{ulid}.9.{secret}",
        f"uk_{ulid}.1.{secret}",
        f"uk_{new_id('key')[4:]}.{version}.{secret}",
        f"uk_{secret}",
        "uk_",
        "uk_" + "A" * 3000,
        f"us_{secret}",
        key["secret"] + "x",
    ]
    for token in forged:
        answer = await ask(house, "/m/staff", token)
        assert answer.status_code == 401, token
        assert secret not in answer.text


async def test_making_and_revoking_is_told_without_the_secret(house: House) -> None:
    admin = await house.admin()
    key = await made(house, admin, scope={"events": [EVENT]})
    await admin.do("DELETE", f"{KEYS}/{key['id']}")
    document = await house.database["api_keys"].find_one({"_id": key["id"]})
    assert document is not None
    told = [(entry["type"], entry["data"]["by"]) for entry in document["outbox"]]
    assert told == [("api_key.created", admin.id), ("api_key.revoked", admin.id)]
    assert document["outbox"][0]["data"]["after"]["scope"] == {"events": [EVENT], "services": []}
