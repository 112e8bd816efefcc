"""What somebody is limited to, as documents and messages say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.accounts.models import Scope


def plain_scope(scope: Scope | None) -> dict[str, list[str]] | None:
    if scope is None:
        return None
    return {"events": sorted(scope.events), "services": sorted(scope.services)}


def scope_of(document: Mapping[str, Any]) -> Scope | None:
    """Of a document that has the field ``scope``, or has it not."""
    found = document.get("scope")
    return Scope(frozenset(found["events"]), frozenset(found["services"])) if found is not None else None
