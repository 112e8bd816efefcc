"""Remembers what is asked of MongoDB, one of each shape, and asks the server how it would answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import monitoring

from app.core.mongo import Database

Document = dict[str, Any]
QUERYING = {"find", "update", "delete", "findAndModify", "aggregate", "count", "distinct"}
NOT_EXPLAINED = {"lsid", "txnNumber", "writeConcern", "autocommit", "startTransaction", "ordered", "cursor"}


@dataclass(frozen=True)
class Asked:
    command: Document
    shape: str


class Spy(monitoring.CommandListener):
    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}

    @property
    def asked(self) -> list[Asked]:
        return list(self._asked.values())

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in QUERYING:
            for command in _single(event.command_name, dict(event.command)):
                shape = _shape_of(event.command_name, command)
                self._asked.setdefault(shape, Asked(command, shape))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Only questions count here, not answers."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """A refused write was asked all the same."""


async def stages(database: Database, asked: Asked) -> set[str]:
    """The stages of the plan the server chooses, ``COLLSCAN`` among them where it reads everything."""
    explain = {"explain": asked.command, "verbosity": "queryPlanner"}
    return set(_stages(await database.command(explain)))


def _single(name: str, command: Document) -> Iterator[Document]:
    """Without what belongs to the session, and one statement at a time, as ``explain`` wants it."""
    bare = {key: value for key, value in command.items() if key[0] != "$" and key not in NOT_EXPLAINED}
    if name == "aggregate":
        yield {**bare, "cursor": {}}
    elif name in ("update", "delete"):
        statements = f"{name}s"
        yield from ({**bare, statements: [one]} for one in bare[statements])
    else:
        yield bare


def _shape_of(name: str, command: Document) -> str:
    fields = ("filter", "query", "pipeline", "sort", "updates", "deletes", "hint")
    asked = {field: _skeleton(command[field]) for field in fields if field in command}
    if "updates" in asked:
        asked["updates"] = [_skeleton(one["q"]) for one in command["updates"]]
    return f"{name} {command[name]} {json.dumps(asked, sort_keys=True)}"


def _skeleton(value: Any) -> Any:
    """Names and operators without the values."""
    if isinstance(value, Mapping):
        return {key: _skeleton(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_skeleton(value[0])] if value else []
    return "?"


def _stages(plan: Any) -> Iterator[str]:
    if isinstance(plan, Mapping):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for key, inner in plan.items():
            if key != "rejectedPlans":
                yield from _stages(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from _stages(inner)
