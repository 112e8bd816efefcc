"""The named steps of lines, each one command to MongoDB, beside those of sales."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.steps import STEPS as SALES_STEPS
from tests.faults.steps import Command, Step

_MOVE = "findAndModify"


def _changes(operator: str, *fields: str, **values: Any) -> Callable[[Command], bool]:
    """The change has these fields under this operator, some with these values."""

    def matches(command: Command) -> bool:
        change = command["update"] if "findAndModify" in command else command["updates"][0]["u"]
        if not isinstance(change, Mapping):
            return False
        found = change.get(operator, {})
        return all(name in found for name in fields) and all(found.get(k) == v for k, v in values.items())

    return matches


def _sets_in_pipeline(status: str) -> Callable[[Command], bool]:
    def matches(command: Command) -> bool:
        change = command["update"] if "findAndModify" in command else command["updates"][0]["u"]
        return isinstance(change, list) and change[0]["$set"].get("status") == {"$literal": status}

    return matches


_MOVES = ("serving", "completed", "no_show", "transferred", "cancelled")
_TABLE = [
    Step("token inserted", "insert", "tokens", lambda _: True),
    Step("token called", _MOVE, "tokens", _sets_in_pipeline("called")),
    Step("guess counted", "update", "tokens", _changes("$inc", "code.tries")),
    Step("person identified", _MOVE, "tokens", _changes("$set", "verified_at")),
    *(Step(f"token {status}", _MOVE, "tokens", _changes("$set", status=status)) for status in _MOVES),
    Step("arrival noted", "update", "tokens", _changes("$unset", "transfer_due")),
    Step("code granted", _MOVE, "tokens", _changes("$set", "code", status="waiting")),
    Step("reminder said", _MOVE, "tokens", _changes("$set", "notify.reminded_at")),
    Step("days ended", "update", "tokens", _sets_in_pipeline("cancelled")),
    Step("outbox of tokens emptied", "update", "tokens", _changes("$pull", "outbox")),
]
STEPS: dict[str, Step] = SALES_STEPS | {step.name: step for step in _TABLE}
