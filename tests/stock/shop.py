"""Stock on real servers, without the rooms above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.core.mongo import Database
from app.core.redis import Breaker, Client
from app.stock.models import Answer, Claim, Hold, Plan, Pool, Taken, Want, seat_unit
from app.stock.repository.claims import Claims
from app.stock.repository.picture import Picture
from app.stock.service import Stock

GA, SEAT = "tt_standing", "tt_seat"


class CountedClaims(Claims):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.loads = 0

    async def load(self, event_id: str) -> list[Claim]:
        self.loads += 1
        return await super().load(event_id)


@dataclass
class Shop:
    """One process's stock. A second shop on the same servers is a second process."""

    stock: Stock
    picture: Picture
    claims: CountedClaims
    redis: Client
    database: Database
    clock: FixedClock

    async def take(self, plan: Plan, *wants: Want, order_id: str = "", **more: Any) -> Answer:
        return await self.stock.take(plan, wants, self.hold(order_id, **more))

    def hold(self, order_id: str = "", seconds: float = 300, **more: Any) -> Hold:
        now = self.clock.now()
        return Hold(order_id or new_id("ord"), now + timedelta(seconds=seconds), now, **more)

    async def sell(self, plan: Plan, *wants: Want, status: str = "pending", **more: Any) -> str:
        """Taken and claimed; the order's id."""
        order_id = new_id("ord")
        answer = await self.take(plan, *wants, order_id=order_id, **more)
        assert isinstance(answer, Taken), answer
        await self.claim(plan, answer.units, order_id, status)
        return order_id

    async def claim(self, plan: Plan, units: Iterable[str], order_id: str, status: str = "pending") -> None:
        units = list(units)
        order: dict[str, Any] = {"_id": order_id, "event_id": plan.event_id, "kind": "sale"}
        order |= {"status": status, "claims": units, "units": units}
        await self.database["orders"].insert_one(order)

    async def unclaim(self, order_id: str) -> list[str]:
        change = {"$set": {"status": "expired"}, "$unset": {"claims": ""}}
        found = await self.database["orders"].find_one_and_update({"_id": order_id}, change)
        assert found is not None
        return list(found["units"])

    async def end(self, plan: Plan, order_id: str) -> None:
        """As orders do: the write first, then the picture."""
        await self.stock.release(plan, [order_id], await self.unclaim(order_id))

    async def left(self, plan: Plan) -> dict[str, tuple[int, int, int]]:
        counts = await self.stock.counts(plan)
        return {c.ticket_type_id: (c.available, c.held, c.sold) for c in counts.by_type}


def shop(
    database: Database, redis: Client, *, claims: CountedClaims | None = None, memory_seconds: float = 3600
) -> Shop:
    """What a process remembers for a second it remembers for an hour here: no machine is too slow for it."""
    clock = FixedClock(datetime.now(UTC))
    picture = Picture(redis, check_ms=3_600_000)
    claims = claims or CountedClaims(database)
    stock = Stock(picture, picture, claims, Breaker(), clock, memory_seconds=memory_seconds)
    return Shop(stock, picture, claims, redis, database, clock)


def plan(places: int = 10, seats: int = 5, version: int = 1, event_id: str = "") -> Plan:
    row = tuple(seat_unit("stalls", "A", number) for number in range(1, seats + 1))
    return Plan.of(event_id or new_id("evt"), version, [Pool(GA, places), Pool(SEAT, seats, row)])


def some(quantity: int) -> Want:
    return Want(GA, quantity=quantity)


def seats(*numbers: int) -> Want:
    return Want(SEAT, seats=tuple(seat_unit("stalls", "A", number) for number in numbers))
