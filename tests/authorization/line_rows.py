"""Rows of lines and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from app.core.ids import new_id
from tests.authorization import rules
from tests.authorization.row import Body, Make, Row
from tests.authorization.world import API, Json, World


async def _line(world: World) -> str:
    return str(world.service["id"])


async def fresh_line(world: World) -> str:
    """Of the staff who are here."""
    service = await world.line()
    await oversee_line(world, service["id"])
    return str(service["id"])


async def _inviting_line(world: World) -> str:
    service_id = await fresh_line(world)
    world.invite = (await world.as_admin("GET", f"/services/{service_id}/invite"))["invite"]
    return service_id


async def oversee_line(world: World, service_id: str) -> None:
    """Those who are ``here`` are so for this line too."""
    key = {"scope.services": world.service["id"]}
    more = {"$addToSet": {"scope.services": service_id}}
    await world.database["users"].update_many(key, more)
    await world.database["api_keys"].update_many(key, more)


def token(*, by: str = "customer", status: str = "waiting") -> Make:
    """A fresh one, in a line of its own."""

    async def make(world: World) -> str:
        place = await world.place(by=by)
        await oversee_line(world, place["service_id"])
        if by == "guest":
            world.tokens["guest"] = place["secret"]
        await world.database["tokens"].update_one({"_id": place["id"]}, {"$set": {"status": status}})
        return str(place["id"])

    return make


def _at_counter(status: str, *, identified: bool) -> Make:
    """Somebody called long enough ago for all that has to wait."""
    make = token(by="guest", status=status)

    async def made(world: World) -> str:
        token_id = await make(world)
        called = world.house.services.engines.clock.now() - timedelta(hours=1)
        fields: Json = {"called_at": called, "alias": "calm-otter"}
        fields |= {"verified_at": called} if identified else {}
        await world.database["tokens"].update_one({"_id": token_id}, {"$set": fields})
        return token_id

    return made


async def _waiting_line(world: World) -> str:
    service_id = await fresh_line(world)
    answer = await world.request("POST", f"{API}/services/{service_id}/tokens", json={})
    assert answer.status_code == 201, answer.text
    return service_id


def _counter(_: World) -> Json:
    return {"counter": "1"}


def _version(_: World) -> Json:
    return {"version": 1}


def _alias(_: World) -> Json:
    return {"version": 1, "alias": "calm otter"}


def _elsewhere(world: World) -> Json:
    return {"version": 1, "service_id": world.service["id"]}


def _claim(world: World) -> Json:
    return {"invite": world.invite}


def _service(_: World) -> Json:
    slug = f"made-{new_id('x')}".lower().replace("_", "-")
    return {"name": "Made", "slug": slug, "timezone": "Europe/Berlin"}


def _nothing(_: World) -> Json:
    return {}


SVC, TOK = (f"{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV" for prefix in ("svc", "tok"))
SERVICES, ONE_SERVICE = f"{API}/services", f"{API}/services/{{service_id}}"
ONE_TOKEN = f"{API}/tokens/{{token_id}}"
_STATES: Mapping[str, str] = {"cancel": "waiting", "away": "waiting", "back": "away"}
_AT_COUNTER: Mapping[str, tuple[str, Body]] = {
    "verify": ("called", _alias),
    "start": ("called", _version),
    "complete": ("serving", _version),
    "no-show": ("called", _version),
    "recall": ("called", _version),
    "requeue": ("no_show", _version),
    "transfer": ("called", _elsewhere),
}

LINES: tuple[Row, ...] = (
    Row("GET", SERVICES, rules.OPEN),
    Row("POST", SERVICES, rules.LINE_MAKERS, body=_service),
    Row("GET", ONE_SERVICE, rules.LINE_PUBLIC, None, _line, SVC),
    Row("PATCH", ONE_SERVICE, rules.LINE_STAFF, None, fresh_line, SVC, lambda _: {"name": "New"}),
    Row("POST", f"{ONE_SERVICE}/open", rules.LINE_STAFF, None, fresh_line, SVC),
    Row("POST", f"{ONE_SERVICE}/pause", rules.LINE_STAFF, None, fresh_line, SVC),
    Row("POST", f"{ONE_SERVICE}/close", rules.LINE_STAFF, None, fresh_line, SVC),
    Row("GET", f"{ONE_SERVICE}/invite", rules.LINE_STAFF, None, _line, SVC),
    Row("GET", f"{ONE_SERVICE}/invite.svg", rules.LINE_STAFF, None, _line, SVC),
    Row("GET", f"{ONE_SERVICE}/invite.png", rules.LINE_STAFF, None, _line, SVC),
    Row("GET", f"{ONE_SERVICE}/tokens", rules.LINE_STAFF, None, _line, SVC),
    Row("POST", f"{ONE_SERVICE}/tokens", rules.LINE_PUBLIC, None, fresh_line, SVC, _nothing),
    Row("POST", f"{ONE_SERVICE}/claim", rules.LINE_PUBLIC, None, _inviting_line, SVC, _claim),
    Row("GET", ONE_TOKEN, rules.TOKEN, None, token(), TOK),
    Row("GET", ONE_TOKEN, rules.GUEST_TOKEN, None, token(by="guest"), TOK, case="guest's"),
    *(
        Row("POST", f"{ONE_TOKEN}/{verb}", rules.TOKEN, None, token(status=status), TOK)
        for verb, status in _STATES.items()
    ),
    *(
        Row(
            "POST",
            f"{ONE_TOKEN}/{verb}",
            rules.GUEST_TOKEN,
            None,
            token(by="guest", status=status),
            TOK,
            case="guest's",
        )
        for verb, status in _STATES.items()
    ),
    Row("GET", f"{ONE_SERVICE}/stats", rules.LINE_STAFF, None, _line, SVC),
    Row(
        "POST", f"{ONE_SERVICE}/next", rules.LINE_STAFF, None, _waiting_line, SVC, lambda _: {"counter": "1"}
    ),
    *(
        Row(
            "POST",
            f"{ONE_TOKEN}/{verb}",
            rules.LINE_STAFF,
            None,
            _at_counter(status, identified=verb != "verify"),
            TOK,
            body,
        )
        for verb, (status, body) in _AT_COUNTER.items()
    ),
)
