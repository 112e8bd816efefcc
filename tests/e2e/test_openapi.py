"""The OpenAPI document says all a client has to know, and its pages need nobody but us."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import House

OPEN = {
    ("post", "/api/v1/auth/signup"),
    ("post", "/api/v1/auth/signin"),
    ("post", "/api/v1/auth/refresh"),
    ("post", "/api/v1/auth/google"),
    ("post", "/api/v1/auth/verify"),
    ("post", "/api/v1/auth/password/forgot"),
    ("post", "/api/v1/auth/password/reset"),
    ("get", "/api/v1/events/{event_id}/availability"),
    ("get", "/api/v1/events/{event_id}/seats"),
    ("get", "/api/v1/services"),
    ("post", "/api/v1/webhooks/{provider}"),
    ("get", "/checkout/{order_id}"),
    ("post", "/checkout/{order_id}"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
}
"""Operations that look at no Authorization header. Whoever adds one says so here."""
UNKEYED = {"/api/v1/webhooks/{provider}", "/checkout/{order_id}"}
"""Called by providers and payment pages, which send no keys and bear repetition."""
WRITES = {"post", "put", "patch", "delete"}
STRANGE_IDS = ("%00", "..%2f..", "%ff", "a%2Fb", "x" * 500, "%24ne", "%F0%9F%8E%AB")
PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "request_id"}


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> set[str]:
        return {str(parameter["name"]) for parameter in self.spec.get("parameters", ())}


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method, spec in item.items():
            yield Operation(method, path, spec)


@pytest.fixture
async def document(house: House) -> dict[str, Any]:
    answer = await house.client.get("/openapi.json")
    found: dict[str, Any] = answer.json()
    return found


async def test_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Usher"


async def test_every_operation_is_named_once_and_explained(document: dict[str, Any]) -> None:
    found = list(operations(document))
    names = [operation.spec["operationId"] for operation in found]
    assert len(names) == len(set(names))
    assert all(operation.spec.get("summary") and operation.spec.get("tags") for operation in found)


async def test_every_operation_says_who_may_call_it(document: dict[str, Any]) -> None:
    unguarded = {(o.method, o.path) for o in operations(document) if not o.spec.get("security")}
    assert unguarded == OPEN
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_every_write_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    without = {o.path for o in operations(document) if o.method in WRITES and not _takes_key(o)}
    assert without == UNKEYED


async def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for status in ("4XX", "5XX"):
            content = operation.spec["responses"][status]["content"]
            schema = content["application/problem+json"]["schema"]
            assert set(schema["required"]) == PROBLEM_FIELDS, str(operation)


async def test_bodies_name_all_they_take(document: dict[str, Any]) -> None:
    """What is not named is refused, and the document says so."""
    bodies = {name for o in operations(document) for name in _references(o.spec.get("requestBody", {}))}
    schemas = document["components"]["schemas"]
    forms = {name for name in bodies if name.startswith("Body_")}
    assert bodies - forms
    for name in bodies - forms:
        assert schemas[name]["additionalProperties"] is False, name


async def test_the_pages_load_nothing_from_elsewhere(house: House) -> None:
    page = await house.client.get("/docs")
    links = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text)
    assert links
    for link in links:
        assert link.startswith("/"), link
        assert (await house.client.get(link)).status_code == 200, link


async def test_a_wrong_method_is_told_the_right_ones(house: House) -> None:
    answer = await house.client.delete("/api/v1/events")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    answer = await house.client.put("/api/v1/events/evt_x")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH")


async def test_strange_ids_are_absent(house: House) -> None:
    headers = {"Authorization": f"Bearer {await house.token('customer')}"}
    things = ("events/{}", "orders/{}", "events/{}/availability", "events/{}/seats")
    for path in (*things, "services/{}", "tokens/{}"):
        for strange in STRANGE_IDS:
            answer = await house.client.get(f"/api/v1/{path.format(strange)}", headers=headers)
            assert answer.status_code in (404, 422), answer.text
            assert answer.headers["content-type"] == "application/problem+json"


def _takes_key(operation: Operation) -> bool:
    return "Idempotency-Key" in operation.parameters


def _references(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        if "$ref" in body:
            yield body["$ref"].rpartition("/")[2]
        for inner in body.values():
            yield from _references(inner)
    elif isinstance(body, list):
        for inner in body:
            yield from _references(inner)
