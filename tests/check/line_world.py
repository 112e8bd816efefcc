"""A line in which everything has happened once, as documents: the checker is asked, not the program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.ids import new_id

Json = dict[str, Any]
DESK, LAB = new_id("svc"), new_id("svc")
BEGAN = datetime.now(UTC) - timedelta(hours=1)
LIVE = ("waiting", "called", "serving", "away")

PATHS: dict[str, tuple[str, ...]] = {
    "served": ("waiting", "called", "serving", "completed"),
    "absent": ("waiting", "called", "no_show"),
    "called": ("waiting", "called"),
    "at counter": ("waiting", "called", "serving"),
    "away": ("waiting", "away"),
    "waiting": ("waiting",),
    "cancelled": ("waiting", "cancelled"),
    "moved": ("waiting", "transferred"),
}
"""What became of a token of the desk, and how. Their numbers are their places here."""


def services() -> list[Json]:
    return [
        {"_id": DESK, "slug": "desk", "version": 1, "outbox": []},
        {"_id": LAB, "slug": "lab", "version": 1, "outbox": []},
    ]


def tokens() -> dict[str, Json]:
    """By what became of them; ``arrived`` is what ``moved`` became."""
    made = {name: _token(DESK, number, path) for number, (name, path) in enumerate(PATHS.items(), 1)}
    made["at counter"]["code"] = {"n": 1, "key_version": 1, "tries": 5, "granted_at": BEGAN}
    made["waiting"] |= {"contact": {"email": "ann@example.com"}, "contact_key": ["c0ffee"]}
    old = made["moved"]
    made["arrived"] = arrived = _token(LAB, 1, ("waiting",))
    arrived |= {"joined_at": old["joined_at"], "secret_id": old["secret_id"]}
    old["transfer"] = {"service_id": LAB, "token_id": arrived["_id"]}
    return made


def _token(service_id: str, number: int, path: tuple[str, ...]) -> Json:
    token_id, status = new_id("tok"), path[-1]
    token: Json = {
        "_id": token_id,
        "service_id": service_id,
        "day": "2031-05-01",
        "number": number,
        "status": status,
        "priority": 5,
        "joined_at": BEGAN + timedelta(seconds=number),
        "alias": f"brave-otter-{number}",
        "secret_id": token_id,
        "invite": number,
        "version": len(path),
        "history": list(_history(number, path)),
        "outbox": [],
    }
    if status in LIVE:
        token |= {"live_number": number, "alias_key": token["alias"], "place": number}
    else:
        token["ended_at"] = token["history"][-1]["at"]
    for name, state in (("called_at", "called"), ("started_at", "serving")):
        if state in path:
            token[name] = token["history"][path.index(state)]["at"]
    return token


def _history(number: int, path: tuple[str, ...]) -> Iterator[Json]:
    at, before = BEGAN + timedelta(seconds=number), None
    for state in path:
        cause = "next" if state == "called" else state
        yield {"at": at, "from": before, "to": state, "cause": cause, "by": "usr_staff"}
        at, before = at + timedelta(minutes=number), state
