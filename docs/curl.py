"""The operations as curl lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from endpoints import FORMS, Endpoint


def tour(found: list[Endpoint]) -> str:
    return "\n".join(_sections(found))


def _sections(found: list[Endpoint]) -> Iterator[str]:
    for tag in dict.fromkeys(one.tag for one in found):
        yield f"### {tag.capitalize()}\n"
        for one in found:
            if one.tag == tag:
                yield f"`{one.name}` {one.summary}\n\n```sh\n{curl(one)}\n```\n"


def curl(one: Endpoint) -> str:
    path = re.sub(r"\{(\w+)\}", lambda match: f"${one.variable(match[1]).upper()}", one.path)
    parts = [f'curl -s "$URL{path}"']
    if one.method != "GET" and (one.method != "POST" or (one.body is None and one.name not in FORMS)):
        parts.append(f"-X {one.method}")
    if one.secret:
        parts.append(f'-H "Authorization: Bearer ${one.secret.upper()}"')
    if one.keyed:
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    if one.name in FORMS:
        parts += [f"-d {key}={value}" for key, value in FORMS[one.name].items()]
    elif one.body is not None:
        body = re.sub(r"\{(\w+)\}", lambda match: f"'${match[1].upper()}'", json.dumps(one.body))
        parts += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(parts)
