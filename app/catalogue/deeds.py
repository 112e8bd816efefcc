"""What the audit hears of changes of events: the fields that changed, as they were and as they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.accounts.audit import deed
from app.accounts.models import Caller
from app.catalogue.models import Event
from app.core.clock import rfc3339
from app.core.messages import Message

_LONGEST = 200
"""Of a description, which may fill pages."""


def created(caller: Caller, event: Event) -> Message:
    return deed(caller, "event.created", event.id, after=_shown(event, ("name", "status", "ticket_types")))


def changed(caller: Caller, what: str, before: Event, after: Event, fields: Iterable[str]) -> Message:
    fields = tuple(fields)
    return deed(caller, f"event.{what}", after.id, before=_shown(before, fields), after=_shown(after, fields))


def _shown(event: Event, fields: Iterable[str]) -> dict[str, object]:
    return {name: _plain(event, name) for name in fields}


def _plain(event: Event, name: str) -> object:
    if name == "seating":
        return {"sections": len(event.seating), "seats": event.seats}
    if name == "ticket_types":
        return [
            {"id": kind.id, "name": kind.name, "price": kind.price, "capacity": kind.capacity}
            for kind in event.ticket_types
        ]
    value = getattr(event, name)
    if isinstance(value, datetime):
        return rfc3339(value)
    return value[:_LONGEST] if isinstance(value, str) else value
