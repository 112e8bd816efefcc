"""JSON bodies read strictly: no duplicate keys, no NaN, bounded depth, integers a double can hold.

``StrictRoute`` is the route class of every API router.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.core.errors import Invalid, UnsupportedMedia

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1


class StrictRequest(Request):
    """Keeps the body it has read, so that whoever gets the same one may read it again."""

    async def json(self) -> Any:
        return parse(await self.body())


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        expects_json = self.body_field is not None and not _takes_form(self)

        async def strict(request: Request) -> Response:
            if expects_json:
                _require_json(request)
            if not isinstance(request, StrictRequest):
                request = StrictRequest(request.scope, request.receive)
            return await handler(request)

        return strict


def parse(body: bytes) -> Any:
    _bound_depth(body)
    try:
        return json.loads(
            body, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_bounded_integer
        )
    except (ValueError, RecursionError) as error:
        raise _invalid("not valid JSON", "json_invalid") from error


def _is_json(request: Request) -> bool:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media == "application/json" or media.endswith("+json")


async def has_json(request: Request) -> bool:
    """For shortcuts: whether there is a body and it says that it is JSON."""
    return _is_json(request) and bool(await request.body())


def _require_json(request: Request) -> None:
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and not _is_json(request):
        raise UnsupportedMedia


def _takes_form(route: APIRoute) -> bool:
    return route.body_field is not None and "json" not in getattr(
        route.body_field.field_info, "media_type", "application/json"
    )


def _bound_depth(body: bytes) -> None:
    """Counts openings only: a bound from above that needs no parser and no stack."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = deepest = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                raise _invalid("nested too deep", "json_depth")
        elif byte in b"]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _invalid("a key stands twice in one object", "json_duplicate_key")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _invalid(f"{name} is not JSON", "json_invalid")


def _bounded_integer(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > MAX_INTEGER:
        raise _invalid("an integer is larger than 2^53 - 1", "json_integer")
    return number


def _invalid(message: str, type: str) -> Invalid:
    return Invalid(message, errors=[{"loc": ["body"], "msg": message, "type": type}])
