"""MongoDB and Redis killed, flushed and paused under the program: 503 and come again, nothing lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pymongo.monitoring import CommandListener

from app.core.redis import connect
from app.embedded.child import Child as Engine
from tests.faults.buyer import Buyer
from tests.faults.doomed import Doom, Executioner, When
from tests.faults.house import Place, dropped, opened, published
from tests.faults.invariants import violations
from tests.faults.scenarios import QUIET, SCENARIOS, Scenario
from tests.faults.stage import Stage
from tests.servers import Servers, running_servers

pytestmark = pytest.mark.process

DOWN_SECONDS = 0.5
SHORT_MS, LONG_MS = 2000, 60_000
"""How long MongoDB is waited for, where it goes away and where it does not."""
KILLS = 2
BUYERS = 8
PAUSE_SECONDS = 3
ENOUGH = 0.95
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
MONGOD_STEPS = [
    ("book", "order inserted", "after"),
    ("pay", "payment inserted", "before"),
    ("pay", "provider captures", "after"),
    ("webhook", "delivery stored", "before"),
    ("webhook", "delivery stored", "after"),
    ("cancel an order", "refund due", "after"),
    ("cancel an order", "provider refunds", "after"),
]
REDIS_STEPS = [
    ("book", "order inserted", "before"),
    ("book", "order inserted", "after"),
    ("pay", "order opened", "after"),
    ("webhook", "job recorded", "before"),
    ("cancel a hold", "order expiring", "after"),
    ("cancel an order", "refund due", "before"),
]


@pytest.fixture(scope="module")
async def own_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    directory: Path = tmp_path_factory.mktemp("killed")
    async with running_servers(directory) as servers:
        yield servers


class Striker:
    """Kills an engine where the executioner says, and starts it again a moment later."""

    def __init__(self, engine: Engine, doom: Doom) -> None:
        self._engine = engine
        self._struck = asyncio.Event()
        self.listener = Executioner(doom, self._strike)

    @property
    def struck(self) -> bool:
        return self._struck.is_set()

    async def mend(self) -> None:
        await self._struck.wait()
        await _restarted(self._engine)

    def _strike(self) -> None:
        os.kill(self._engine.pid, signal.SIGKILL)
        self._struck.set()


async def _restarted(engine: Engine) -> None:
    """Dead for a moment, then there again."""
    await engine.kill()
    await engine.wait()
    await asyncio.sleep(DOWN_SECONDS)
    await engine.start()


@asynccontextmanager
async def _staged(
    servers: Servers, timeout_ms: int, listeners: Sequence[CommandListener] = ()
) -> AsyncIterator[Stage]:
    place = replace(Place.new(servers.mongod.url, servers.redis.url), mongo_timeout_ms=timeout_ms)
    async with opened(place, listeners) as house:
        yield Stage(house, await published(house.services))
        await dropped(place, house.services)


@pytest.mark.parametrize(("name", "step", "when"), MONGOD_STEPS)
async def test_mongod_killed_at_a_step(own_servers: Servers, name: str, step: str, when: When) -> None:
    await _engine_dies(own_servers, own_servers.mongod.child, BY_NAME[name], Doom(step, when))


@pytest.mark.parametrize(("name", "step", "when"), REDIS_STEPS)
async def test_redis_killed_at_a_step(own_servers: Servers, name: str, step: str, when: When) -> None:
    await _engine_dies(own_servers, own_servers.redis.child, BY_NAME[name], Doom(step, when))


async def _engine_dies(servers: Servers, engine: Engine, scenario: Scenario, doom: Doom) -> None:
    """The same client repeats what was answered 503, and all ends as if nothing had been."""
    striker = Striker(engine, doom)
    timeout_ms = SHORT_MS if engine is servers.mongod.child else LONG_MS
    async with _staged(servers, timeout_ms, [striker.listener]) as stage:
        await stage.faults(QUIET)
        await scenario.prepare(stage)
        mending = asyncio.create_task(striker.mend())
        buyer = Buyer(stage.house.client, stage.house.client)
        await scenario.act(stage, buyer)
        assert striker.struck, "the step was never reached"
        await mending
        assert set(buyer.answers) <= {200, 201, 409, 503}
        await stage.settled()
        await scenario.check(stage)
        await stage.sound()


@dataclass
class Crowd:
    """Buyers who book and pay one place after the other, and count what they are answered."""

    stage: Stage
    booked: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    bookings: Counter[int] = field(default_factory=Counter)
    payments: Counter[int] = field(default_factory=Counter)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def shopping(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for _ in range(BUYERS):
                group.create_task(self._shop())
            try:
                yield
            finally:
                self.over.set()

    async def more(self, n: int = 10) -> None:
        """Waits until so many more were booked: the program is back."""
        wanted = len(self.booked) + n
        await self._until(lambda: len(self.booked) >= wanted)

    async def refused(self, n: int = 1) -> None:
        """Waits until so many more were told to come again: the engine's death was noticed."""
        wanted = self._refusals + n
        await self._until(lambda: self._refusals >= wanted)

    @property
    def _refusals(self) -> int:
        return self.bookings[503] + self.payments[503]

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(300):
            while not holds():  # noqa: ASYNC110 — counts, and nobody tells them.
                await asyncio.sleep(0.02)

    async def _shop(self) -> None:
        client, event = self.stage.house.client, self.stage.event
        items = [{"ticket_type_id": event.ticket_types[0].id, "quantity": 1}]
        while not self.over.is_set():
            customer = {"name": "Ann", "email": f"{uuid4().hex}@example.com"}
            body = {"items": items, "provider": "sandbox", "customer": customer}
            answer = await client.post(f"/api/v1/events/{event.id}/orders", json=body)
            self.bookings[_sane(answer)] += 1
            if answer.status_code == 201:
                self.booked.append(answer.json()["id"])
                await self._pay(client, answer.json()["id"])

    async def _pay(self, client: httpx.AsyncClient, order_id: str) -> None:
        answer = await client.post(f"/checkout/{order_id}", data={"outcome": "paid"})
        self.payments[_sane(answer)] += 1
        if answer.status_code == 200:
            self.paid.append(order_id)


def _sane(answer: httpx.Response) -> int:
    assert answer.status_code in (200, 201, 503), answer.text
    assert answer.status_code != 503 or "Retry-After" in answer.headers
    return answer.status_code


async def _lost(stage: Stage, crowd: Crowd) -> set[str]:
    """Orders that were acknowledged and are not there."""
    query = {"_id": {"$in": crowd.booked}}
    there = await stage.house.database["orders"].find(query, {"_id": 1}).to_list(None)
    return set(crowd.booked) - {order["_id"] for order in there}


async def _kept_its_word(stage: Stage, crowd: Crowd) -> None:
    """Everything acknowledged is there, everybody who paid has tickets, and no promise is broken."""
    await stage.settled()
    assert not await _lost(stage, crowd)
    confirmed = {"_id": {"$in": crowd.paid}, "status": "confirmed"}
    assert await stage.house.database["orders"].count_documents(confirmed) == len(crowd.paid)
    assert await violations(stage.house.place, stage.house.database) == []


async def test_mongod_killed_under_load(own_servers: Servers) -> None:
    mongod = own_servers.mongod.child
    async with _staged(own_servers, SHORT_MS) as stage:
        await _large(stage)
        crowd = Crowd(stage)
        async with crowd.shopping():
            for _ in range(KILLS):
                await crowd.more()
                await mongod.kill()
                await crowd.refused()
                await mongod.start()
            await crowd.more()
        await _kept_its_word(stage, crowd)


@pytest.mark.parametrize("fault", ["flushed", "killed", "paused"])
async def test_redis_away_under_load(own_servers: Servers, fault: str) -> None:
    async with _staged(own_servers, LONG_MS) as stage:
        await _large(stage)
        crowd = Crowd(stage)
        async with crowd.shopping():
            await crowd.more()
            await REDIS_FAULTS[fault](own_servers, crowd)
            await crowd.more()
        for answers, good in ((crowd.bookings, 201), (crowd.payments, 200)):
            assert answers[good] >= ENOUGH * answers.total(), answers
        await stage.provider.webhooks_sent()
        told = await stage.house.database["deliveries"].count_documents({})
        assert told >= ENOUGH * len(crowd.paid)
        await _kept_its_word(stage, crowd)


async def _flushed(servers: Servers, crowd: Crowd) -> None:
    redis = connect(servers.redis.url)
    for _ in range(10):
        await redis.flushall()
        await crowd.more(5)
    await redis.aclose()


async def _killed(servers: Servers, crowd: Crowd) -> None:
    for _ in range(KILLS):
        await _restarted(servers.redis.child)
        await crowd.more()


async def _paused(servers: Servers, crowd: Crowd) -> None:
    servers.redis.child.send(signal.SIGSTOP)
    try:
        await crowd.more(50)
        await asyncio.sleep(PAUSE_SECONDS)
    finally:
        servers.redis.child.send(signal.SIGCONT)


REDIS_FAULTS: dict[str, Callable[[Servers, Crowd], Awaitable[None]]] = {
    "flushed": _flushed,
    "killed": _killed,
    "paused": _paused,
}


async def _large(stage: Stage) -> None:
    standing = {"name": "Standing", "price": 2500, "capacity": 50_000}
    stage.event = await published(stage.house.services, ticket_types=[standing], seating=None)
