"""One row of the matrix: an operation, and what everybody is to find there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from app.accounts.models import Permission
from tests.authorization.rules import Rule
from tests.authorization.world import Json, World

Make = Callable[[World], Awaitable[str]]
"""Makes a fresh thing; gives what stands for it in the path."""
Body = Callable[[World], Any]


@dataclass(frozen=True)
class Row:
    """``makes`` None: the path names nothing that could be somebody else's or absent.

    ``fine``: what those who may are answered. ``fresh``: the caller's account does not survive it.
    """

    method: str
    path: str
    rule: Rule
    permission: Permission | None = None
    makes: Make | None = None
    absent: str = ""
    body: Body = lambda _: None
    fine: frozenset[int] = frozenset({200, 201, 204})
    fresh: bool = False
    case: str = ""
    request: Json = field(default_factory=dict)

    @property
    def operation(self) -> tuple[str, str]:
        return self.method, self.path

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.case}".strip()
