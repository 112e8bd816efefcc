"""One's own account, and bodies that try to be more than they are."""

from __future__ import annotations

from typing import Any

from tests.accounts.house import PASSWORD, House

STRANGE_SIGN_UPS: list[dict[str, Any]] = [
    {"email": {"$ne": None}},
    {"email": "no email"},
    {"email": "a@b"},
    {"email": "a@example.com\r\nBcc: b@example.com"},
    {"email": ["a@example.com"]},
    {"password": {"$gt": ""}},
    {"password": 12345678},
    {"password": None},
    {"name": 5},
    {"role": "admin"},
    {"disabled": False},
    {"_id": "usr_x"},
    {"recaptcha_token": "x" * 4097},
]


async def test_name_and_phone_can_be_changed_and_the_phone_removed(house: House) -> None:
    person = await house.customer()
    changed = await person.do("PATCH", "/api/v1/me", {"name": "Grace", "phone": "+491701234567"})
    assert (changed.json()["name"], changed.json()["phone"]) == ("Grace", "+491701234567")
    removed = await person.do("PATCH", "/api/v1/me", {"phone": None})
    assert (removed.json()["name"], removed.json()["phone"]) == ("Grace", None)
    assert (await person.do("PATCH", "/api/v1/me", {})).json()["version"] == removed.json()["version"]


async def test_what_is_not_one_s_own_to_change(house: House) -> None:
    person = await house.customer()
    for body in [
        {"name": None},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "\u202eadA"},
        {"name": "x" * 201},
        {"name": {"$ne": None}},
        {"phone": "0170"},
        {"phone": 491701234567},
        {"role": "admin"},
        {"email": "other@example.com"},
        {"_id": "usr_x"},
        {"password": "another long walk"},
        {"version": 9},
        [],
        "x",
    ]:
        assert (await person.do("PATCH", "/api/v1/me", body)).status_code == 422
        assert (await person.ask("/api/v1/me")).json() == person.tokens["user"]


async def test_sign_up_takes_only_what_it_names(house: House) -> None:
    person = house.person()
    for change in STRANGE_SIGN_UPS:
        response = await person.sign_up(**change)
        assert response.status_code == 422
        assert await house.database["users"].count_documents({}) == 0


async def test_no_operator_gets_into_a_query(house: House) -> None:
    await house.customer()
    for body in [
        {"email": {"$ne": None}, "password": PASSWORD},
        {"email": {"$regex": ".*"}, "password": PASSWORD},
        {"email": "x@example.com", "password": {"$ne": None}},
        {"email": ["x@example.com"], "password": PASSWORD},
        {"email": "x@example.com"},
        {},
        None,
    ]:
        assert (await house.person().call("POST", "/api/v1/auth/signin", body)).status_code == 422


async def test_a_refresh_token_is_a_string(house: House) -> None:
    for token in [{"$ne": None}, 1, None, "", "x" * 2001]:
        response = await house.person().call("POST", "/api/v1/auth/refresh", {"refresh_token": token})
        assert response.status_code == 422


async def test_an_admin_s_body_is_as_strict(house: House) -> None:
    admin, person = await house.admin(), await house.customer()
    for body in [{"role": "owner"}, {"disabled": "yes"}, {"disabled": 1}, {"version": 0}, {"x": 1}]:
        assert (await admin.do("PATCH", f"/api/v1/users/{person.id}", body)).status_code == 422


async def test_text_is_not_json(house: House) -> None:
    response = await house.person().call(
        "POST", "/api/v1/auth/signin", None, content=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert response.status_code == 415


async def test_a_lone_surrogate_is_refused(house: House) -> None:
    body = b'{"email": "x@example.com", "password": "\\ud800aaaaaaaaaa"}'
    for path in ("signin", "signup"):
        response = await house.person().call(
            "POST", f"/api/v1/auth/{path}", None, content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 422


async def test_openapi_says_which_routes_ask_for_a_bearer(house: House) -> None:
    paths = house.app.openapi()["paths"]
    assert paths["/api/v1/me"]["get"]["security"] == [{"bearer": []}]
    assert paths["/api/v1/users"]["get"]["security"] == [{"bearer": []}]
    assert paths["/api/v1/auth/signout"]["post"]["security"] == [{"bearer": []}, {}]
    assert "security" not in paths["/api/v1/auth/signin"]["post"]
