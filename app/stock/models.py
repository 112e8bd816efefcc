"""Units and plans: what can be sold, true without ``await``. Stock knows an event by id and version only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote, unquote

SeatStatus = Literal["available", "held", "sold"]


def seat_unit(section: str, row: str, seat: str | int) -> str:
    return "s/" + "/".join(quote(str(part), safe="") for part in (section, row, seat))


def place_unit(ticket_type_id: str, number: int) -> str:
    return f"g/{ticket_type_id}/{number}"


def seat_id(unit: str) -> str:
    """The API's name of a seat: the unit without its ``s/``."""
    return unit[2:]


def seat_parts(seat_id: str) -> tuple[str, ...]:
    return tuple(unquote(part) for part in seat_id.split("/"))


@dataclass(frozen=True, slots=True)
class Pool:
    """All units of one ticket type. ``size`` counts them; ``seats`` lists them where they have names.

    ``size`` never shrinks: fewer places for sale means that a block claims some.
    """

    ticket_type_id: str
    size: int
    seats: tuple[str, ...] | None = None

    @property
    def seated(self) -> bool:
        return self.seats is not None

    def units(self) -> Iterator[str]:
        if self.seats is not None:
            return iter(self.seats)
        return (place_unit(self.ticket_type_id, n) for n in range(1, self.size + 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """What one version of an event sells."""

    event_id: str
    version: int
    pools: tuple[Pool, ...]
    seat_types: Mapping[str, str] = field(default_factory=dict)
    """Seat unit -> ticket type id, for the seated pools together."""

    @classmethod
    def of(cls, event_id: str, version: int, pools: Iterable[Pool]) -> Plan:
        pools = tuple(pools)
        seat_types = {unit: p.ticket_type_id for p in pools if p.seats is not None for unit in p.seats}
        return cls(event_id, version, pools, seat_types)

    def pool(self, ticket_type_id: str) -> Pool:
        return next(pool for pool in self.pools if pool.ticket_type_id == ticket_type_id)

    def type_of(self, unit: str) -> str:
        """Raises KeyError for a unit that is not in the plan."""
        if unit.startswith("g/"):
            return unit.split("/")[1]
        return self.seat_types[unit]

    def knows_all(self, units: Collection[str]) -> bool:
        return sum(map(len, by_pool(self, units).values())) == len(units)


def by_pool(plan: Plan, units: Iterable[str]) -> dict[str, list[str]]:
    """Ticket type id -> its units. Units the plan does not know are left out: nothing sells them."""
    known = {pool.ticket_type_id for pool in plan.pools}
    sorted_units: dict[str, list[str]] = {}
    for unit in units:
        try:
            type_id = plan.type_of(unit)
        except KeyError:
            continue
        if type_id in known:
            sorted_units.setdefault(type_id, []).append(unit)
    return sorted_units


@dataclass(frozen=True, slots=True)
class Want:
    """Places of one ticket type: any ``quantity`` of them, or exactly these seat units."""

    ticket_type_id: str
    quantity: int = 0
    seats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """Of one ticket type. ``sold`` includes units a block took off the sale."""

    ticket_type_id: str
    available: int
    held: int
    sold: int


@dataclass(frozen=True, slots=True)
class Counts:
    event_id: str
    as_of: datetime
    by_type: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """For whom units are taken, and what the same round trip checks."""

    order_id: str
    deadline: datetime
    now: datetime
    mark: str = ""
    """Names (caller, idempotency key); empty without a key."""
    window: str = ""
    """Names the caller whose bookings are counted; empty when they are not."""
    window_limit: int = 0
    crowd: str = ""
    """Names the network address whose bookings are counted; empty when they are not."""
    crowd_limit: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    units: tuple[str, ...]
    from_memory: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Not enough units. ``overdue`` names orders whose deadline has passed: end them and ask again.

    ``check``: this caller was chosen to compare the picture with the database.
    """

    ticket_type_id: str = ""
    seat: str = ""
    overdue: tuple[str, ...] = ()
    check: bool = False


@dataclass(frozen=True, slots=True)
class Outdated:
    """There is no picture, or one of another version: read the event again and renew it."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """Another request with the same idempotency key is between its first and last step."""


@dataclass(frozen=True, slots=True)
class Limited:
    """``limit`` is the one that was reached."""

    retry_after: float
    limit: int


Answer = Taken | Missing | Outdated | InProgress | Limited


@dataclass(frozen=True, slots=True)
class Claim:
    """One live order's units as MongoDB has them. ``due`` is set while nothing but time holds them."""

    order_id: str
    units: tuple[str, ...]
    held: bool
    due: datetime | None
