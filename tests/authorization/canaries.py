"""Forty values that must turn up nowhere, and bodies made of them for any schema."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

PASSWORDS = [f"canary-password-{n:02}-Zq8" for n in range(8)]
TOKENS = [
    *(f"canarytoken{n:02}" + "T" * 20 for n in range(4)),
    "us_canarysecret04" + "S" * 29,
    "us_canarysecret05" + "S" * 29,
    f"uk_01ARZ3NDEKTSV4RRFFQ69G5FAV.1.canarymachine06{'M' * 28}",
    "eyJhbGciOiJIUzI1NiJ9.canaryjwt07.canaryjwt07",
]
CODES = [f"canarycode{n:02}" for n in range(8)]
EMAILS = [f"canary-email-{n:02}@example.com" for n in range(8)]
PHONES = [f"+4915550000{n:02}" for n in range(8)]
ALL = [*PASSWORDS, *TOKENS, *CODES, *EMAILS, *PHONES]
MARKS = [value.removeprefix("us_").removeprefix("+").partition("@")[0] for value in ALL]
"""What of each is looked for: any spelling of it has this part."""


class Flock:
    """Gives the next canary of the kind a field asks for."""

    def __init__(self) -> None:
        self._next = {id(kind): itertools.cycle(kind) for kind in (PASSWORDS, TOKENS, CODES, EMAILS, PHONES)}

    def for_field(self, name: str) -> str:
        kinds = {"password": PASSWORDS, "email": EMAILS, "phone": PHONES, "token": TOKENS, "secret": TOKENS}
        kind = next((kind for word, kind in kinds.items() if word in name), CODES)
        return next(self._next[id(kind)])

    def body(self, document: dict[str, Any], schema: dict[str, Any], name: str = "") -> Any:
        """Fits the schema's shape; every string in it is a canary."""
        if "$ref" in schema:
            return self.body(
                document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name
            )
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self.body(document, schema[choice][0], name)
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {field: self.body(document, spec, field) for field, spec in fields.items()}
            case "array":
                return [self.body(document, schema.get("items", {}), name)]
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return False
        return self.for_field(name)


def sightings(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, spec in item.items():
            yield method.upper(), path, spec
