"""What an event sells, read from its document alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """``seats``: unit -> ticket type. ``sizes``: units ever made, ``capacities``: those for sale."""

    id: str
    status: str
    version: int
    seats: Mapping[str, str]
    sizes: Mapping[str, int]
    capacities: Mapping[str, int]
    seated: frozenset[str]
    limit: int | None
    cancelled_at: datetime | None

    @classmethod
    def of(cls, document: Document) -> Event:
        kinds = document["ticket_types"]
        return cls(
            id=document["_id"],
            status=document["status"],
            version=document["version"],
            seats=_seats(document.get("seating") or ()),
            sizes={kind["id"]: kind["size"] for kind in kinds},
            capacities={kind["id"]: kind["capacity"] for kind in kinds},
            seated=frozenset(kind["id"] for kind in kinds if kind["seated"]),
            limit=document.get("max_per_customer"),
            cancelled_at=_cancelled_at(document),
        )

    def type_of(self, unit: str) -> str | None:
        """None for what this event never made."""
        if unit in self.seats:
            return self.seats[unit]
        kind, _, number = unit.removeprefix("g/").rpartition("/")
        known = unit.startswith("g/") and kind in self.sizes and kind not in self.seated
        if not known or not number.isascii() or not number.isdigit() or str(int(number)) != number:
            return None
        return kind if 1 <= int(number) <= self.sizes[kind] else None


def _cancelled_at(document: Document) -> datetime | None:
    entries = document.get("history") or ()
    return next((entry["at"] for entry in entries if entry.get("what") == "cancelled"), None)


def _seats(seating: Any) -> dict[str, str]:
    return {
        f"s/{quote(section['name'], safe='')}/{quote(row['name'], safe='')}/{number}": section[
            "ticket_type_id"
        ]
        for section in seating
        for row in section["rows"]
        for number in range(1, row["seats"] + 1)
    }
