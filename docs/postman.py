"""The operations as a Postman collection, whose scripts keep what later requests need."""

from __future__ import annotations

import json
import re
from typing import Any

from endpoints import FORMS, Endpoint

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ABOUT = "Sign in first, then go from top to bottom."
CAPTURES: dict[str, dict[str, str]] = {
    "POST /api/v1/auth/signup": {"access_token": "access_token", "refresh_token": "refresh_token"},
    "POST /api/v1/auth/signin": {"access_token": "access_token", "refresh_token": "refresh_token"},
    "POST /api/v1/auth/refresh": {"access_token": "access_token", "refresh_token": "refresh_token"},
    "POST /api/v1/events": {"id": "event_id", "ticket_types[0].id": "ticket_type_id"},
    "GET /api/v1/events": {"items[0].id": "event_id", "items[0].ticket_types[0].id": "ticket_type_id"},
    "POST /api/v1/events/{event_id}/orders": {"id": "order_id", "secret": "order_secret"},
    "GET /api/v1/users": {"items[0].id": "user_id"},
}
"""What later requests need of an answer: where it stands -> the variable that keeps it."""


def collection(found: list[Endpoint]) -> dict[str, Any]:
    tags = list(dict.fromkeys(one.tag for one in found))
    return {
        "info": {
            "name": "Usher",
            "schema": SCHEMA,
            "description": ABOUT,
        },
        "item": [{"name": tag, "item": [_request(one) for one in found if one.tag == tag]} for tag in tags],
        "variable": [{"key": key, "value": value} for key, value in _variables(found).items()],
    }


def _variables(found: list[Endpoint]) -> dict[str, str]:
    named = {
        "base_url": "http://127.0.0.1:8000",
        "email": "admin@example.com",
        "password": "",
        "provider": "sandbox",
    }
    for one in found:
        wanted = [one.variable(name) for name in re.findall(r"\{(\w+)\}", one.path)]
        wanted += [one.secret] if one.secret else []
        wanted += re.findall(r"\{(\w+)\}", json.dumps(one.body or ""))
        wanted += CAPTURES.get(one.name, {}).values()
        for name in wanted:
            named.setdefault(name, "")
    return named


def _request(one: Endpoint) -> dict[str, Any]:
    path = re.sub(r"\{(\w+)\}", lambda match: "{{" + one.variable(match[1]) + "}}", one.path)
    request: dict[str, Any] = {
        "method": one.method,
        "description": one.summary,
        "header": [{"key": "Idempotency-Key", "value": "{{$guid}}"}] if one.keyed else [],
        "url": {"raw": "{{base_url}}" + path, "host": ["{{base_url}}"], "path": path.strip("/").split("/")},
        "auth": _auth(one.secret),
    }
    if one.name in FORMS:
        fields = [{"key": key, "value": value} for key, value in FORMS[one.name].items()]
        request["body"] = {"mode": "urlencoded", "urlencoded": fields}
    elif one.body is not None:
        raw = re.sub(r'"\{(\w+)\}"', r'"{{\1}}"', json.dumps(one.body, indent=2))
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"name": one.name, "request": request, "event": [{"listen": "test", "script": _script(one)}]}


def _auth(secret: str) -> dict[str, Any]:
    if not secret:
        return {"type": "noauth"}
    return {"type": "bearer", "bearer": [{"key": "token", "value": "{{" + secret + "}}", "type": "string"}]}


def _script(one: Endpoint) -> dict[str, Any]:
    lines = ['pm.test("no error on our side", () => pm.expect(pm.response.code).to.be.below(500));']
    if captures := CAPTURES.get(one.name):
        lines += ["if (pm.response.code < 300) {", "  const answer = pm.response.json();"]
        for where, name in captures.items():
            safe = where.replace(".", "?.").replace("[", "?.[")
            lines.append(f'  if (answer.{safe}) pm.collectionVariables.set("{name}", answer.{safe});')
        if "access_token" in captures:
            lines.append('  if (answer.user.role !== "customer")')
            lines.append('    pm.collectionVariables.set("admin_token", answer.access_token);')
        lines.append("}")
    return {"type": "text/javascript", "exec": lines}
