"""Seat plans: rows with counts instead of seats, so that 50,000 seats are a small document.

Seats of a row are numbered from 1 and never renumbered. A row that is no longer for sale stays in the
plan with nothing open, because its seats may stand on tickets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from app.stock.models import seat_unit


@dataclass(frozen=True, slots=True)
class Row:
    """``seats`` counts the numbers ever made, ``open`` those for sale: 1 to ``open``."""

    name: str
    seats: int
    open: int


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    ticket_type_id: str
    rows: tuple[Row, ...]


Seating = tuple[Section, ...]


def row_units(section: Section, row: Row, first: int = 1) -> Iterator[str]:
    """The units of a row from seat number ``first`` on, closed ones included."""
    stem = seat_unit(section.name, row.name, "")  # Digits need no escaping, so the stem is escaped once.
    return (f"{stem}{number}" for number in range(first, row.seats + 1))


def units_by_type(seating: Seating) -> dict[str, tuple[str, ...]]:
    """Every unit ever made, by ticket type, in the order of the plan."""
    found: dict[str, list[str]] = {}
    for section in seating:
        units = found.setdefault(section.ticket_type_id, [])
        for row in section.rows:
            units.extend(row_units(section, row))
    return {type_id: tuple(units) for type_id, units in found.items()}


def made(seating: Seating) -> Counter[str]:
    """Seats ever made, by ticket type."""
    return _count((section.ticket_type_id, row.seats) for section in seating for row in section.rows)


def total(seating: Seating) -> int:
    return made(seating).total()


def closed_units(seating: Seating) -> set[str]:
    return {
        unit
        for section in seating
        for row in section.rows
        if row.open < row.seats
        for unit in row_units(section, row, row.open + 1)
    }


def recounted(seating: Seating, blocked: Mapping[str, int]) -> Seating:
    """What is open, derived from the seats that blocks claim. They are always the last of their row."""
    return tuple(
        replace(section, rows=tuple(_recounted(section, row, blocked) for row in section.rows))
        for section in seating
    )


def open_only(seating: Seating) -> Seating:
    """The plan as customers see it: without rows and sections that are closed."""
    sections = (replace(section, rows=tuple(row for row in section.rows if row.open)) for section in seating)
    return tuple(section for section in sections if section.rows)


def _recounted(section: Section, row: Row, blocked: Mapping[str, int]) -> Row:
    closed = sum(1 for unit in row_units(section, row) if unit in blocked) if blocked else 0
    return replace(row, open=row.seats - closed)


def _count(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    counter: Counter[str] = Counter()
    for name, number in pairs:
        counter[name] += number
    return counter
