"""Two API processes' worth of the program in one, racing for the last places.

Each test has its positive control beside it: the same race with the guard taken away must be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx
import pytest
from ulid import ULID

from app.check import check
from app.core.redis import Client
from tests.orders.house import House, Json, open_house, seating, type_id
from tests.races.buyers import Answer, Ask, Crowd
from tests.races.verdict import Verdict, judge

PLACES, SEATS, BUYERS = 60, 60, 250
RULES = {"bookings_per_minute": 100_000}


@dataclass
class Race:
    houses: list[House]
    mongo_url: str
    redis_url: str

    @property
    def redis(self) -> Client:
        return self.houses[0].services.engines.redis

    async def crowd(self) -> Crowd:
        kinds = [{"name": "Standing", "price": 2500, "capacity": PLACES}, {"name": "Seat", "price": 5000}]
        event = await self.houses[0].event(ticket_types=kinds, seating=seating(A=SEATS))
        names = [f"stalls/A/{number}" for number in range(1, SEATS + 1)]
        return Crowd(_ask(self.houses), event["id"], type_id(event), names, PLACES, pay=0.0, rest=1.1)

    async def run(self, crowd: Crowd) -> Verdict:
        await crowd.buy_all(BUYERS)
        return await judge(self.houses[0].database, crowd)

    async def report(self) -> Json:
        return await check(self.mongo_url, self.redis_url, self.houses[0].database.name, pause=0.1)

    async def without_guard(self) -> None:
        orders = self.houses[0].database["orders"]
        if "claims" in await orders.index_information():
            await orders.drop_index("claims")

    @asynccontextmanager
    async def flushing(self, crowd: Crowd) -> AsyncIterator[None]:
        """The event's picture vanishes again and again. Other suites live in this Redis too."""

        async def again_and_again() -> None:
            while True:
                await asyncio.sleep(0.05)
                await self.flush(crowd)

        flusher = asyncio.create_task(again_and_again())
        yield
        flusher.cancel()

    async def flush(self, crowd: Crowd) -> None:
        names = [n async for n in self.redis.scan_iter(match=f"stock:{{{crowd.event_id}}}:*")]
        if names:
            await self.redis.delete(*names)

    async def at_once(self, crowd: Crowd) -> tuple[int, int]:
        """Two book the first seat, and the first one's order is written after the second one's."""
        first, second = self.houses
        seat = [{"seat_id": crowd.seats[0]}]
        with _held_up(first) as insert:
            slow = asyncio.create_task(first.try_book({"id": crowd.event_id}, seat, key="slow"))
            await insert.reached.wait()
            await self.flush(crowd)
            quick = await second.try_book({"id": crowd.event_id}, seat, key="quick")
            insert.go_on.set()
            return (await slow).status_code, quick.status_code

    async def sold(self, crowd: Crowd) -> int:
        """Live orders that claim the first seat."""
        claimed = {"event_id": crowd.event_id, "claims": f"s/{crowd.seats[0]}"}
        return await self.houses[0].database["orders"].count_documents(claimed)


@pytest.fixture
async def race(mongo_url: str, redis_url: str) -> AsyncIterator[Race]:
    name = f"test_{ULID()}".lower()
    async with AsyncExitStack() as stack:
        opened = [open_house(mongo_url, redis_url, database=name, sales=RULES) for _ in range(2)]
        houses = [await stack.enter_async_context(house) for house in opened]
        yield Race(houses, mongo_url, redis_url)
        await houses[0].database.client.drop_database(name)


async def test_nothing_is_oversold_and_everything_is_sold(race: Race) -> None:
    crowd = await race.crowd()
    verdict = await race.run(crowd)
    assert verdict.clean
    assert verdict.sold == PLACES + SEATS
    assert crowd.claims >= 2 * (PLACES + SEATS), "places changed hands"
    assert (await race.report())["violations"] == []


async def test_with_redis_flushed_all_the_time(race: Race) -> None:
    crowd = await race.crowd()
    async with race.flushing(crowd):
        verdict = await race.run(crowd)
    assert verdict.clean
    assert verdict.sold == PLACES + SEATS
    assert (await race.report())["violations"] == []


async def test_without_redis(race: Race) -> None:
    crowd = await race.crowd()
    with _memory_only(race.houses):
        verdict = await race.run(crowd)
    assert verdict.clean
    assert verdict.sold == PLACES + SEATS
    assert (await race.report())["violations"] == []


async def test_control_without_the_index_the_race_is_lost(race: Race) -> None:
    """Redis alone does not guard: with a picture in each process both sell the same place.

    That the crowd does is all but certain; the first two buyers do for certain.
    """
    crowd = await race.crowd()
    crowd.looks = 2
    await race.without_guard()
    with _memory_only(race.houses):
        assert await race.at_once(crowd) == (201, 201)
        verdict = await race.run(crowd)
    assert verdict.oversold > 0
    assert "oversold" in {violation["rule"] for violation in (await race.report())["violations"]}


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_picture_rebuilt_while_a_booking_is_on_its_way(race: Race, guarded: bool) -> None:
    """It misses the seat that is not in the database yet; only the index refuses the second buyer."""
    crowd = await race.crowd()
    if not guarded:
        await race.without_guard()
    answers = await race.at_once(crowd)
    sold = await race.sold(crowd)
    assert (answers, sold) == (((409, 201), 1) if guarded else ((201, 201), 2))


class _held_up:
    """The next order of a house waits between the picture's yes and the database."""

    def __init__(self, house: House) -> None:
        self._orders = house.sales.orders
        self._insert = self._orders.insert
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def _wait(self, *args: Any) -> Any:
        self.reached.set()
        await self.go_on.wait()
        return await self._insert(*args)

    def __enter__(self) -> _held_up:
        self._orders.insert = self._wait  # type: ignore[method-assign, assignment]
        return self

    def __exit__(self, *_: object) -> None:
        self._orders.insert = self._insert  # type: ignore[method-assign]


class _memory_only:
    """Each house proposes from its own memory, as if Redis were away."""

    def __init__(self, houses: list[House]) -> None:
        self._stocks = [house.sales.stock for house in houses]
        self._takes = [stock.take for stock in self._stocks]

    def __enter__(self) -> None:
        for stock in self._stocks:
            stock.take = stock.take_from_memory  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        for stock, take in zip(self._stocks, self._takes, strict=True):
            stock.take = take  # type: ignore[method-assign]


def _ask(houses: list[House]) -> Ask:
    turns = cycle(house.client for house in houses)

    async def ask(method: str, path: str, body: Json | None, headers: Mapping[str, str]) -> Answer:
        form = path.startswith("/checkout/")
        client: httpx.AsyncClient = next(turns)
        sent: dict[str, Json | None] = {"data": body} if form else {"json": body}
        answer = await client.request(method, path, headers=dict(headers), **sent)  # type: ignore[arg-type]
        return Answer(answer.status_code, answer.json())

    return ask
