"""What must hold of every event, however it came to be. True without ``await``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from app.catalogue import seating
from app.catalogue.models import Event
from app.core.errors import Invalid

MAX_SEATS = 100_000
MAX_ROWS = 10_000

Loc = tuple[str | int, ...]


def invalid(loc: Loc, message: str, type: str = "value_error") -> Invalid:
    return Invalid(message, errors=[fault(loc, message, type)])


def fault(loc: Loc, message: str, type: str = "value_error") -> dict[str, Any]:
    return {"loc": ["body", *loc], "msg": message, "type": type}


def check(event: Event) -> None:
    """Raises Invalid, naming every rule that is broken."""
    faults = [*_times(event), *_types(event), *_seating(event)]
    if faults:
        raise Invalid(faults[0]["msg"], errors=faults)


def _times(event: Event) -> Iterator[dict[str, Any]]:
    if event.ends_at is not None and event.ends_at <= event.starts_at:
        yield fault(("ends_at",), "An event ends after it starts")
    for index, kind in enumerate(event.ticket_types):
        if kind.sales_start and kind.sales_end and kind.sales_start >= kind.sales_end:
            yield fault(("ticket_types", index, "sales_end"), "Sales end after they start")


def _types(event: Event) -> Iterator[dict[str, Any]]:
    for name in _repeated(kind.name for kind in event.ticket_types):
        yield fault(("ticket_types",), f"Two ticket types are called {name!r}")


def _seating(event: Event) -> Iterator[dict[str, Any]]:
    for name in _repeated(section.name for section in event.seating):
        yield fault(("seating", "sections"), f"Two sections are called {name!r}")
    for index, section in enumerate(event.seating):
        for name in _repeated(row.name for row in section.rows):
            yield fault(("seating", "sections", index, "rows"), f"Two rows are called {name!r}")
    if seating.total(event.seating) > MAX_SEATS:
        yield fault(("seating",), f"An event has at most {MAX_SEATS} seats")
    if sum(len(section.rows) for section in event.seating) > MAX_ROWS:
        yield fault(("seating",), f"An event has at most {MAX_ROWS} rows")


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
