"""The operations of the OpenAPI document, and examples of what to send them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EVENT_BODY = {
    "name": "Night at the Museum",
    "venue": "Museum, Graz",
    "starts_at": "2030-05-01T19:00:00Z",
    "timezone": "Europe/Vienna",
    "currency": "EUR",
    "ticket_types": [{"name": "Hall", "price": 2500, "capacity": 100}, {"name": "Stalls", "price": 5000}],
    "seating": {
        "sections": [{"name": "stalls", "ticket_type": "Stalls", "rows": [{"name": "A", "seats": 10}]}]
    },
}
BODIES: dict[str, Any] = {
    "POST /api/v1/auth/signup": {
        "email": "ada@example.com",
        "password": "a-long-enough-password",
        "name": "Ada",
    },
    "POST /api/v1/auth/signin": {"email": "{email}", "password": "{password}"},
    "POST /api/v1/auth/refresh": {"refresh_token": "{refresh_token}"},
    "POST /api/v1/auth/signout": {"refresh_token": "{refresh_token}"},
    "PATCH /api/v1/me": {"name": "Ada L."},
    "POST /api/v1/me/password": {
        "current_password": "{password}",
        "new_password": "another-long-password",
    },
    "PATCH /api/v1/users/{id}": {"role": "staff"},
    "POST /api/v1/events": EVENT_BODY,
    "PATCH /api/v1/events/{event_id}": {"hold_minutes": 10},
    "POST /api/v1/events/{event_id}/orders": {
        "items": [{"ticket_type_id": "{ticket_type_id}", "quantity": 2}],
        "provider": "sandbox",
        "customer": {"name": "Ada", "email": "ada@example.com"},
    },
    "POST /api/v1/orders/{order_id}/payments": {"provider": "sandbox"},
    "POST /api/v1/orders/{order_id}/refunds": {"reason": "cannot come"},
    "POST /api/v1/webhooks/{provider}": {"id": "evt_1", "type": "payment.captured"},
}
"""Examples worth reading. The others are made of their schema."""
FORMS = {"POST /checkout/{order_id}": {"outcome": "paid"}}
BUYERS_OWN = ("/api/v1/me", "/api/v1/auth")


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    spec: dict[str, Any]
    schemas: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def tag(self) -> str:
        return str(self.spec.get("tags", ["other"])[0])

    @property
    def summary(self) -> str:
        described = str(self.spec.get("description", "")).split("\n\n")[0].replace("\n", " ")
        return described or str(self.spec.get("summary", ""))

    @property
    def keyed(self) -> bool:
        return any(one["name"] == "Idempotency-Key" for one in self.spec.get("parameters", ()))

    @property
    def secret(self) -> str:
        """The variable whose value is the bearer; empty where none is needed."""
        schemes = self.spec.get("security") or [{}]
        if {} in schemes:
            return ""
        if "{order_id}" in self.path:
            return "order_secret"
        own = self.path.startswith(BUYERS_OWN) or self.name == "GET /api/v1/orders"
        return "access_token" if own else "admin_token"

    @property
    def body(self) -> Any:
        if self.name in BODIES:
            return BODIES[self.name]
        content = self.spec.get("requestBody", {}).get("content", {}).get("application/json")
        return example(content["schema"], self.schemas) if content and content["schema"] else None

    def variable(self, name: str) -> str:
        """``{id}`` is named after the collection it stands in: ``users/{id}`` is ``user_id``."""
        if name != "id":
            return name
        before = self.path.split("/{id}")[0].rpartition("/")[2]
        one = before.removesuffix("ies") + "y" if before.endswith("ies") else before.removesuffix("s")
        return f"{one.replace('-', '_')}_id"


def endpoints(document: dict[str, Any]) -> list[Endpoint]:
    schemas = document.get("components", {}).get("schemas", {})
    return [
        Endpoint(method.upper(), path, spec, schemas)
        for path, item in document["paths"].items()
        for method, spec in item.items()
    ]


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The smallest value of a schema that shows its shape."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for known in ("const", "default"):
        if schema.get(known) is not None:
            return schema[known]
    for listed in ("examples", "enum", "anyOf", "oneOf", "allOf"):
        if schema.get(listed):
            first = schema[listed][0]
            return first if listed in ("examples", "enum") else example(first, schemas)
    return _of_type(schema, schemas)


def _of_type(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required") or list(schema.get("properties", {}))[:1]
        return {name: example(schema["properties"][name], schemas) for name in wanted}
    if kind == "array":
        return [example(schema["items"], schemas)]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(str(kind), _text(schema))


def _text(schema: dict[str, Any]) -> str:
    formats = {"email": "ada@example.com", "date-time": "2030-05-01T19:00:00Z", "uri": "https://example.com"}
    return formats.get(str(schema.get("format")), "text")
