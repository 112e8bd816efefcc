"""The matrix: a row for every operation of ``/openapi.json``. Whoever adds a route adds its row here."""

from __future__ import annotations

from typing import Any

from app.core.ids import new_id
from tests.authorization import rules
from tests.authorization.line_rows import LINES
from tests.authorization.row import Body, Make, Row
from tests.authorization.rules import OK
from tests.authorization.world import API, EVENT, Json, World, picture
from tests.e2e.conftest import PASSWORD


async def _published(world: World) -> str:
    return str(world.event["id"])


async def _fresh_published(world: World) -> str:
    """Of the staff and machines who are here."""
    event = await world.published()
    await _oversee(world, event["id"])
    return str(event["id"])


async def _fresh_draft(world: World) -> str:
    event = await world.draft()
    await _oversee(world, event["id"])
    return str(event["id"])


async def _oversee(world: World, event_id: str) -> None:
    """Those who are ``here`` are so for this event too."""
    key = {"scope.events": world.event["id"]}
    more = {"$addToSet": {"scope.events": event_id}}
    await world.database["users"].update_many(key, more)
    await world.database["api_keys"].update_many(key, more)


def _order(*, paid: bool = False, by: str = "customer") -> Make:
    async def make(world: World) -> str:
        if by != "guest":
            return str((await world.order(paid=paid, by=by))["id"])
        order = await world.order(paid=paid, by="guest")
        world.tokens["guest"] = order["secret"]
        return str(order["id"])

    return make


async def _user(world: World) -> str:
    return (await world.people.person()).user.id


async def _customer(world: World) -> str:
    return world.persons["customer"].user.id


async def _photographed(world: World) -> str:
    token, headers = world.tokens["customer"], {"Content-Type": "image/png"}
    answer = await world.request("PUT", f"{API}/me/photo", token, content=picture(), headers=headers)
    assert answer.status_code == 200, answer.text
    return await _customer(world)


async def _api_key(world: World) -> str:
    return str((await world.as_admin("POST", "/api-keys", _machine(world)))["id"])


async def _job(world: World) -> str:
    return await world.job()


async def _delivery(world: World) -> str:
    return await world.delivery()


def _booking(world: World) -> Json:
    place = {"ticket_type_id": world.event["ticket_types"][0]["id"], "quantity": 1}
    return {"items": [place], "customer": {"name": "Ann", "email": f"{new_id('usr')}@example.com".lower()}}


def _machine(_: World) -> Json:
    return {"name": "Door", "permissions": ["events:read"]}


def _password(_: World) -> Json:
    return {"current_password": PASSWORD, "new_password": f"new {new_id('x')}"}


def _sign_up(_: World) -> Json:
    return {"email": f"{new_id('usr')}@example.com".lower(), "password": PASSWORD, "name": "A"}


def _constant(**body: Any) -> Body:
    return lambda _: body


EVT, ORD, USR = (f"{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV" for prefix in ("evt", "ord", "usr"))
KEY, JOB, DLV = (f"{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV" for prefix in ("key", "job", "dlv"))
EVENTS, ORDERS = f"{API}/events", f"{API}/orders"
ONE_EVENT, ONE_ORDER = f"{EVENTS}/{{event_id}}", f"{ORDERS}/{{order_id}}"
SEEN = frozenset({200, 304})
FEW = frozenset({204, 429})
"""Limited so tightly that a dozen actors are too many."""
REFUSED = frozenset({400, 401, 410, 422})
"""Where everybody may ask, and what was sent is no good: a wrong secret is not a wrong caller."""

ROWS: tuple[Row, ...] = (
    # Events
    Row("GET", EVENTS, rules.PUBLIC, "events:read"),
    Row("POST", EVENTS, rules.ADMIN, "events:write", body=lambda _: EVENT),
    Row("GET", ONE_EVENT, rules.PUBLIC, "events:read", _published, EVT, case="published"),
    Row("GET", ONE_EVENT, rules.HIDDEN_EVENT, "events:read", _fresh_draft, EVT, case="draft"),
    Row("PATCH", ONE_EVENT, rules.EVENT_ADMIN, "events:write", _fresh_draft, EVT, _constant(name="New")),
    Row("POST", f"{ONE_EVENT}/publish", rules.EVENT_ADMIN, "events:write", _fresh_draft, EVT),
    Row("POST", f"{ONE_EVENT}/cancel", rules.EVENT_ADMIN, "events:write", _fresh_published, EVT),
    Row("GET", f"{ONE_EVENT}/availability", rules.OPEN, None, _published, EVT),
    Row("GET", f"{ONE_EVENT}/seats", rules.OPEN, None, _published, EVT, fine=SEEN),
    Row("GET", f"{ONE_EVENT}/stats", rules.EVENT_STAFF, "stats:read", _published, EVT),
    Row(
        "POST",
        f"{ONE_EVENT}/orders",
        # A secret is nobody's name, so its bearer books as a guest like everybody.
        rules.BOOKING,
        "orders:create",
        _published,
        EVT,
        _booking,
    ),
    # Orders
    Row("GET", ORDERS, rules.PEOPLE),
    Row("GET", ONE_ORDER, rules.ORDER, "orders:read", _order(), ORD),
    Row("GET", ONE_ORDER, rules.GUEST_ORDER, "orders:read", _order(by="guest"), ORD, case="guest's"),
    Row("POST", f"{ONE_ORDER}/cancel", rules.ORDER, "orders:write", _order(), ORD),
    Row(
        "POST",
        f"{ONE_ORDER}/cancel",
        rules.GUEST_ORDER,
        "orders:write",
        _order(by="guest"),
        ORD,
        case="guest's",
    ),
    Row(
        "POST",
        f"{ONE_ORDER}/payments",
        rules.ORDER,
        "orders:write",
        _order(),
        ORD,
        _constant(provider="sandbox"),
    ),
    Row("POST", f"{ONE_ORDER}/refunds", rules.ORDER, "orders:write", _order(paid=True), ORD, _constant()),
    Row(
        "POST",
        f"{ONE_ORDER}/refunds",
        rules.GUEST_ORDER,
        "orders:write",
        _order(paid=True, by="guest"),
        ORD,
        _constant(),
        case="guest's",
    ),
    # The link to pay is no secret: who has it pays for somebody and learns what it costs.
    Row("GET", "/checkout/{order_id}", rules.OPEN, None, _order(), ORD, fine=frozenset({303})),
    Row(
        "POST",
        "/checkout/{order_id}",
        rules.OPEN,
        None,
        _order(),
        ORD,
        request={"data": {"outcome": "declined"}},
    ),
    # Accounts: getting in
    Row("POST", f"{API}/auth/signup", rules.OPEN, body=_sign_up),
    Row(
        "POST",
        f"{API}/auth/signin",
        rules.OPEN,
        body=_constant(email="nobody@example.com", password="no"),
        fine=REFUSED,
    ),
    Row("POST", f"{API}/auth/refresh", rules.OPEN, body=_constant(refresh_token="us_x"), fine=REFUSED),
    Row("POST", f"{API}/auth/google", rules.OPEN, body=_constant(id_token="x.y.z"), fine=REFUSED | {404}),
    Row("POST", f"{API}/auth/verify", rules.OPEN, body=_constant(secret="us_x"), fine=REFUSED),
    Row(
        "POST",
        f"{API}/auth/password/forgot",
        rules.OPEN,
        body=_constant(email="nobody@example.com"),
        fine=FEW,
    ),
    Row(
        "POST",
        f"{API}/auth/password/reset",
        rules.OPEN,
        body=_constant(secret="us_x", password=PASSWORD),
        fine=REFUSED,
    ),
    Row("POST", f"{API}/auth/signout", rules.LEAVING, fresh=True),
    # Accounts: one's own
    Row("GET", f"{API}/me", rules.PEOPLE),
    Row("PATCH", f"{API}/me", rules.PEOPLE, body=_constant(name="Ada")),
    Row("DELETE", f"{API}/me", rules.PEOPLE, fine=frozenset({204, 409}), fresh=True),
    Row("POST", f"{API}/me/password", rules.PEOPLE, body=_password, fresh=True),
    Row("POST", f"{API}/me/verification", rules.PEOPLE, fresh=True, fine=frozenset({204, 409})),
    Row("GET", f"{API}/me/timeline", rules.PEOPLE),
    Row("GET", f"{API}/me/export", rules.PEOPLE),
    Row(
        "PUT",
        f"{API}/me/photo",
        rules.PEOPLE,
        fresh=True,
        request={"content": picture(), "headers": {"Content-Type": "image/png"}},
    ),
    Row("DELETE", f"{API}/me/photo", rules.PEOPLE, fresh=True),
    Row("GET", f"{API}/me/photo", rules.PEOPLE, fine=frozenset({200, 404}), fresh=True),
    # Accounts: others'
    Row("GET", f"{API}/users/{{id}}/photo", rules.PHOTO, None, _photographed, USR),
    Row("GET", f"{API}/users", rules.ADMIN_PERSON),
    Row("PATCH", f"{API}/users/{{id}}", rules.ADMIN_PERSON, None, _user, USR, _constant(role="staff")),
    Row("GET", f"{API}/api-keys", rules.ADMIN_PERSON),
    Row("POST", f"{API}/api-keys", rules.ADMIN_PERSON, body=_machine),
    Row("DELETE", f"{API}/api-keys/{{id}}", rules.ADMIN_PERSON, None, _api_key, KEY),
    # Administration
    Row("GET", f"{API}/admin/stats", rules.ALL_STAFF, "stats:read"),
    Row("GET", f"{API}/admin/jobs", rules.WHOLE_HOUSE, "work:read"),
    Row("GET", f"{API}/admin/jobs/failed", rules.WHOLE_HOUSE, "work:read"),
    Row("POST", f"{API}/admin/jobs/pause", rules.ADMIN, "work:write"),
    Row("POST", f"{API}/admin/jobs/resume", rules.ADMIN, "work:write"),
    Row("POST", f"{API}/admin/jobs/{{job_id}}/retry", rules.WHOLE_HOUSE, "work:write", _job, JOB),
    Row("GET", f"{API}/admin/deliveries", rules.WHOLE_HOUSE, "work:read"),
    Row(
        "POST",
        f"{API}/admin/deliveries/{{delivery_id}}/retry",
        rules.WHOLE_HOUSE,
        "work:write",
        _delivery,
        DLV,
    ),
    Row("GET", f"{API}/admin/audit", rules.ADMIN, "audit:read"),
    # Providers prove themselves by their signature, and monitors need no name.
    Row(
        "POST",
        f"{API}/webhooks/{{provider}}",
        rules.OPEN,
        request={"json": {}},
        fine=REFUSED | {404},
    ),
    Row("GET", "/health/live", rules.OPEN),
    Row("GET", "/health/ready", rules.OPEN, fine=frozenset({200, 503})),
    *LINES,
)

__all__ = ["OK", "ROWS"]
