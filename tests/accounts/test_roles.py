"""Roles and disabling: at once for staff and admins, within a second for everybody."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.accounts.house import PASSWORD, House, Person


async def put(admin: Person, person: Person, **change: Any) -> httpx.Response:
    return await admin.do("PATCH", f"/api/v1/users/{person.id}", change)


async def test_every_role_gets_as_far_as_it_should(house: House) -> None:
    admin = await house.admin()
    staff, customer = await house.customer(), await house.customer()
    assert (await put(admin, staff, role="staff")).json()["role"] == "staff"
    await staff.sign_in()
    reached = {
        name: [(await person.ask(path)).status_code for path in ("/signed-in", "/staff", "/admin")]
        for name, person in (("customer", customer), ("staff", staff), ("admin", admin))
    }
    assert reached == {"customer": [200, 403, 403], "staff": [200, 200, 403], "admin": [200, 200, 200]}


async def test_a_raised_role_opens_staff_routes_with_the_old_token(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    assert (await person.ask("/staff")).status_code == 403
    await put(admin, person, role="staff")
    assert (await person.ask("/staff")).status_code == 200


async def test_a_role_taken_away_is_gone_on_the_next_request_everywhere(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    await put(admin, person, role="staff")
    await person.sign_in()
    assert (await person.ask("/any")).json()["role"] == "staff"
    await put(admin, person, role="customer")
    assert (await person.ask("/staff")).status_code == 403
    assert (await person.ask("/any")).json()["role"] == "customer"


async def test_disabling_ends_everything_and_enabling_revives_no_session(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    assert (await put(admin, person, disabled=True)).json()["disabled"] is True
    assert (await person.ask("/any")).json()["code"] == "session_ended"
    assert (await person.refresh()).json()["code"] == "session_ended"
    entering = await person.elsewhere().sign_in()
    assert (entering.status_code, entering.json()["code"]) == (403, "account_disabled")
    assert (await person.elsewhere().sign_in("wrong password")).json()["code"] == "wrong_credentials"
    await put(admin, person, disabled=False)
    assert (await person.refresh()).status_code == 401
    assert (await person.elsewhere().sign_in()).status_code == 200


async def test_a_disabled_admin_is_out_at_the_next_request_of_any_process(house: House) -> None:
    """Without the list in memory: routes of staff and admins ask MongoDB."""
    admin, other = await house.admin(), await house.admin()
    second_process = House(house.database, house.redis, clock=house.clock)
    await put(admin, other, disabled=True)
    for path in ("/staff", "/admin", "/any"):
        assert (await other.at(second_process).ask(path)).status_code == 401


async def test_an_admin_cannot_give_up_the_last_key(house: House) -> None:
    admin = await house.admin()
    for change in ({"role": "customer"}, {"disabled": True}):
        assert (await put(admin, admin, **change)).json()["code"] == "own_account"
    assert (await put(admin, admin, role="admin", disabled=False)).status_code == 200


async def test_a_stale_decision_is_refused_with_the_state_but_without_the_person(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    assert (await put(admin, person, role="staff", version=1)).json()["version"] == 2
    stale = await put(admin, person, role="customer", version=1)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    assert stale.json()["current"] == {
        "id": person.id,
        "role": "staff",
        "disabled": False,
        "scope": None,
        "version": 2,
    }


async def test_only_admins_list_and_change_users(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    assert (await person.ask("/api/v1/users")).status_code == 403
    assert (await put(person, person, role="admin")).status_code == 403
    assert (await person.call("GET", "/api/v1/users")).status_code == 401
    absent = await admin.do("PATCH", "/api/v1/users/usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", {"role": "staff"})
    assert absent.status_code == 404


async def test_the_list_is_paged_and_filtered(house: House) -> None:
    admin = await house.admin()
    people = [await house.customer() for _ in range(3)]
    await put(admin, people[1], disabled=True)
    first = (await admin.ask("/api/v1/users?limit=3")).json()
    rest = (await admin.ask(f"/api/v1/users?limit=3&cursor={first['next_cursor']}")).json()
    assert [user["id"] for user in first["items"] + rest["items"]] == [admin.id, *(p.id for p in people)]
    assert rest["next_cursor"] is None
    admins = (await admin.ask("/api/v1/users?role=admin")).json()["items"]
    assert [user["id"] for user in admins] == [admin.id]
    disabled = (await admin.ask("/api/v1/users?disabled=true")).json()["items"]
    assert [user["id"] for user in disabled] == [people[1].id]


async def test_a_password_change_ends_the_other_sessions_only(house: House) -> None:
    person = await house.customer()
    other = person.elsewhere()
    await other.sign_in()
    body = {"current_password": PASSWORD, "new_password": "another long walk"}
    assert (await person.do("POST", "/api/v1/me/password", body)).status_code == 200
    assert (await other.ask("/signed-in")).status_code == 401
    assert (await other.refresh()).status_code == 401
    assert (await person.ask("/signed-in")).status_code == 200
    assert (await person.refresh()).status_code == 200
    assert (await person.elsewhere().sign_in()).status_code == 401
    assert (await person.elsewhere().sign_in("another long walk")).status_code == 200


async def test_a_crash_right_after_the_password_was_written_leaves_no_refreshing(house: House) -> None:
    """The write that sets the password is the one that ends the sessions; the rest only tells."""
    person = await house.customer()
    other = person.elsewhere()
    await other.sign_in()
    user = await house.users.get(person.id)
    assert user is not None
    await house.users.set_password(
        user, await house.passwords.hash("another long walk"), None, "chg_x", house.clock.now()
    )
    assert (await other.refresh()).json()["code"] == "session_ended"
    assert (await person.refresh()).json()["code"] == "session_ended"


async def test_ten_password_changes_at_once_are_one(house: House) -> None:
    person = await house.customer()
    answers = await asyncio.gather(
        *(
            person.do(
                "POST",
                "/api/v1/me/password",
                {"current_password": PASSWORD, "new_password": f"another walk {n}"},
            )
            for n in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7
