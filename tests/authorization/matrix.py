"""Asks every cell of a row, and names those that answer otherwise than they should."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx

from tests.authorization.actors import ACTORS
from tests.authorization.row import Row
from tests.authorization.rules import OK
from tests.authorization.world import World

Operation = tuple[str, str]
_VARY = {"x-request-id", "content-length", "date", "ratelimit-remaining", "ratelimit-reset"}


def operations(document: dict[str, Any]) -> set[Operation]:
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def without_a_row(document: dict[str, Any], rows: Iterable[Row]) -> set[Operation]:
    """Both ways: rows of routes that are gone count too."""
    return operations(document) ^ {row.operation for row in rows}


async def violations(world: World, row: Row) -> list[str]:
    """Refused cells share one thing, which must stay as it was; others get one of their own."""
    shared = await row.makes(world) if row.makes else None
    refused = [actor for actor in ACTORS if row.rule[actor] != OK]
    allowed = [actor for actor in ACTORS if row.rule[actor] == OK]
    tokens = {actor: await world.token(actor, row.permission, fresh=row.fresh) for actor in ACTORS}
    before = await world.state() if row.writes else ""
    found = [wrong for actor in refused async for wrong in _refused(world, row, actor, tokens[actor], shared)]
    if row.writes and await world.state() != before:
        found.append(f"{row}: a refused request changed something")
    for actor in allowed:
        found += await _allowed(world, row, actor, tokens[actor], shared)
    return found


async def _refused(world: World, row: Row, actor: str, token: str | None, thing: str | None) -> Any:
    expected = row.rule[actor]
    answer = await _ask(world, row, token, thing)
    if answer.status_code != expected:
        yield f"{row} by {actor}: {answer.status_code}, not {expected}"
    if thing is not None and _face(answer, thing) != _face(
        await _ask(world, row, token, row.absent), row.absent
    ):
        yield f"{row} by {actor}: what is foreign does not look absent"


async def _allowed(world: World, row: Row, actor: str, token: str | None, shared: str | None) -> list[str]:
    thing = await row.makes(world) if row.makes and row.writes else shared
    if actor == "guest":
        token = world.tokens["guest"]
    answer = await _ask(world, row, token, thing)
    found = (
        [] if answer.status_code in row.fine else [f"{row} by {actor}: {answer.status_code} {answer.text}"]
    )
    if thing is not None:
        absent = await _ask(world, row, token, row.absent)
        if absent.status_code != 404:
            found.append(f"{row} by {actor}: absent is {absent.status_code}")
    return found


async def _ask(world: World, row: Row, token: str | None, thing: str | None) -> httpx.Response:
    path = row.path
    if "{" in path:
        path = path[: path.index("{")] + (thing or "none") + path[path.index("}") + 1 :]
    request = dict(row.request)
    if (body := row.body(world)) is not None:
        request["json"] = body
    return await world.request(row.method, path, token, **request)


def _face(answer: httpx.Response, thing: str) -> tuple[Any, ...]:
    """All a stranger sees of an answer, without what differs from request to request."""
    body = answer.json() if answer.content else {}
    body.pop("request_id", None)
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in _VARY)
    return answer.status_code, str(body).replace(thing, "it"), headers
