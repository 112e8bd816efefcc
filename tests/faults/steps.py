"""The named steps between which a process may die: each is one command to MongoDB.

A step is recognised by what it writes, not by who calls it, so product code knows nothing of this table.
The sandbox's ledger is the provider: its writes are the provider's own decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Command = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    name: str
    command: str
    collection: str
    matches: Callable[[Command], bool]

    def is_in(self, name: str, command: Command) -> bool:
        return name == self.command and command.get(name) == self.collection and self.matches(command)


def _anything(_: Command) -> bool:
    return True


def _update(command: Command) -> Any:
    """The change of a findAndModify, or of the first statement of an update."""
    return command["update"] if "findAndModify" in command else command["updates"][0]["u"]


def _sets(**fields: Any) -> Callable[[Command], bool]:
    """The change sets these fields to these values; ``...`` is any value. ``__`` in a name is a dot."""
    wanted = {name.replace("__", "."): value for name, value in fields.items()}

    def matches(command: Command) -> bool:
        change = _update(command)
        values = change.get("$set", {}) if isinstance(change, Mapping) else {}
        return all(k in values and v in (..., values[k]) for k, v in wanted.items())

    return matches


def _does(operator: str, field: str) -> Callable[[Command], bool]:
    def matches(command: Command) -> bool:
        change = _update(command)
        return isinstance(change, Mapping) and field in change.get(operator, {})

    return matches


def _both(*parts: Callable[[Command], bool]) -> Callable[[Command], bool]:
    return lambda command: all(part(command) for part in parts)


def _not(part: Callable[[Command], bool]) -> Callable[[Command], bool]:
    return lambda command: not part(command)


def _pipeline(command: Command) -> bool:
    return isinstance(_update(command), list)


_MOVE = "findAndModify"
_ENDED = ("expired", "failed", "cancelled")

_TABLE = [
    Step("order inserted", "insert", "orders", _anything),
    Step("order opened", _MOVE, "orders", _sets(payment__opened=...)),
    Step("payment inserted", "insert", "payments", _anything),
    Step("provider opens", "insert", "sandbox_ledger", _anything),
    Step("session recorded", _MOVE, "payments", _sets(status="open", ref=...)),
    Step("provider captures", _MOVE, "sandbox_ledger", _sets(state="captured")),
    Step("delivery stored", "insert", "deliveries", _anything),
    Step("job recorded", "update", "jobs", _sets(status="queued")),
    Step("payment captured", _MOVE, "payments", _sets(status="captured")),
    Step("order confirmed", _MOVE, "orders", _both(_sets(status="confirmed"), _not(_sets(claims=...)))),
    Step("payment disposed", _MOVE, "payments", _sets(disposition="tickets")),
    Step("delivery handled", "update", "deliveries", _sets(status="handled")),
    Step("messages logged", "insert", "messages", _anything),
    Step("outbox of orders emptied", "update", "orders", _does("$pull", "outbox")),
    Step("outbox of payments emptied", "update", "payments", _does("$pull", "outbox")),
    Step("orders expired", "update", "orders", _pipeline),
    Step("order expiring", _MOVE, "orders", _sets(status="expiring")),
    Step("provider closes", _MOVE, "sandbox_ledger", _sets(state="closed")),
    Step("payment closed", _MOVE, "payments", _sets(status="closed")),
    *(Step(f"order {status}", _MOVE, "orders", _sets(status=status)) for status in _ENDED),
    Step("attempt replaced", _MOVE, "orders", _sets(payment=...)),
    Step("refund due", _MOVE, "orders", _does("$push", "refunds_due")),
    Step(
        "refund reserved", _MOVE, "payments", _both(_does("$push", "refunds"), _not(_sets(disposition=...)))
    ),
    Step("provider refunds", _MOVE, "sandbox_ledger", _does("$push", "refunds")),
    Step("refund done", _MOVE, "payments", lambda c: "refunds.$[one].state" in _update(c).get("$set", {})),
    Step("refund closed", _MOVE, "orders", _does("$pull", "refunds_due")),
    Step("money refused", _MOVE, "orders", _does("$push", "refused")),
    Step("money given back", _MOVE, "payments", _sets(disposition="refunded")),
    Step("order revived", _MOVE, "orders", _sets(status="confirmed", claims=...)),
]
STEPS: dict[str, Step] = {step.name: step for step in _TABLE}
