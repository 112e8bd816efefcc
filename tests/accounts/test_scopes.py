"""What staff are limited to: set by admins, true at the next request, and nothing to anybody else."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from app.accounts.access_tokens import AccessTokens
from app.accounts.deps import event_staff_or, whole_house_or
from app.accounts.models import Caller, Scope
from tests.accounts.house import House, Person

EVENT = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "evt_01BX5ZZKBKACTAV9WEVGEMMVRZ"
SERVICE = "svc_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def house(house: House) -> House:
    house.app.add_api_route("/events/{event_id}", of_event)
    house.app.add_api_route("/whole-house", of_house)
    return house


async def of_event(caller: Annotated[Caller, event_staff_or("stats:read")]) -> list[str] | None:
    return caller.events


async def of_house(caller: Annotated[Caller, whole_house_or("work:read")]) -> list[str] | None:
    return caller.events


async def reach(person: Person) -> list[int]:
    paths = (f"/events/{EVENT}", f"/events/{OTHER}", "/whole-house", "/staff")
    return [(await person.ask(path)).status_code for path in paths]


async def put(admin: Person, person: Person, **change: Any) -> Any:
    answer = await admin.do("PATCH", f"/api/v1/users/{person.id}", change)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_limits_hold_from_the_next_request_on_and_are_lifted_by_null(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    assert (await put(admin, person, role="staff"))["scope"] is None
    assert await reach(person) == [200, 200, 200, 200]
    scope = {"events": [EVENT], "services": [SERVICE]}
    assert (await put(admin, person, scope=scope))["scope"] == scope
    assert await reach(person) == [200, 404, 403, 200]
    assert (await put(admin, person, scope={"events": [OTHER]}))["scope"] == {
        "events": [OTHER],
        "services": [],
    }
    assert await reach(person) == [404, 200, 403, 200]
    await put(admin, person, scope={})
    assert await reach(person) == [404, 404, 403, 200]
    await put(admin, person, scope=None)
    assert await reach(person) == [200, 200, 200, 200]


async def test_what_is_left_out_stays(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    await put(admin, person, role="staff", scope={"events": [EVENT]})
    assert (await put(admin, person, disabled=True))["scope"]["events"] == [EVENT]
    assert (await put(admin, person, disabled=False))["role"] == "staff"
    assert (await put(admin, person))["scope"]["events"] == [EVENT]


async def test_limits_make_no_staff(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    await put(admin, person, scope={"events": [EVENT]})
    assert await reach(person) == [403, 403, 403, 403]


async def test_an_admin_is_limited_by_nothing(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    await put(admin, person, role="admin", scope={"events": [EVENT]})
    assert await reach(person) == [200, 200, 200, 200]
    await put(admin, person, role="staff")
    assert await reach(person) == [200, 404, 403, 200]


@pytest.mark.parametrize(
    "scope", [{"events": ["x"]}, {"events": EVENT}, {"lines": []}, [EVENT], {"services": [EVENT]}, True]
)
async def test_limits_that_are_none(house: House, scope: Any) -> None:
    admin, person = await house.admin(), await house.customer()
    answer = await admin.do("PATCH", f"/api/v1/users/{person.id}", {"scope": scope})
    assert answer.status_code == 422


async def test_nobody_lifts_their_own(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    await put(admin, person, role="staff", scope={"events": [EVENT]})
    assert (await person.do("PATCH", f"/api/v1/users/{person.id}", {"scope": None})).status_code == 403
    assert (await person.do("PATCH", "/api/v1/me", {"scope": None})).status_code == 422
    assert await reach(person) == [200, 404, 403, 200]


async def test_a_token_alone_oversees_nothing(house: House) -> None:
    """Its role may be old and its limits it does not know; only MongoDB's answer counts."""
    admin, person = await house.admin(), await house.customer()
    await put(admin, person, role="staff")
    await person.sign_in()
    unconfirmed = AccessTokens(house.ring, house.clock).read(person.tokens["access_token"])
    assert (unconfirmed.role, unconfirmed.scope) == ("staff", Scope())
    assert not unconfirmed.oversees_event(EVENT)
    assert (await house.callers.confirm(unconfirmed)).oversees_event(EVENT)


async def test_what_was_decided_is_told_without_the_person(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    await admin.do(
        "PATCH",
        f"/api/v1/users/{person.id}",
        {"role": "staff", "scope": {"events": [EVENT]}},
        headers={"X-Request-Id": "request-0001"},
    )
    document = await house.database["users"].find_one({"_id": person.id})
    assert document is not None
    [told] = [entry["data"] for entry in document["outbox"] if entry["stream"] == "audit"]
    assert told["by"] == admin.id
    assert told["before"] == {"role": "customer", "disabled": False, "scope": None}
    assert told["after"]["scope"] == {"events": [EVENT], "services": []}
    assert person.email not in str(told)
