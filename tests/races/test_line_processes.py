"""G10 on real processes: 20 counters on two API processes, 10,000 waiting, Redis flushed again and again, one
API process killed.

Every call bears a key, as a good counter's does, and is sent again under it until it is answered. ``CALLS``
of the line are called; ``LINE_CALLS=10000`` calls as many as stood in it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest
from ulid import ULID

from app.core.ids import new_id
from app.core.redis import connect
from app.core.security import KeyRing
from app.queues.documents import service_of
from app.queues.live import LiveFields
from tests.queues.serving.desk import seed
from tests.races.buyers import Answer, Json, persist
from tests.races.lines import RETRIED, Rush, Verdict, crowd, everybody, judge
from tests.races.sale import Sale, opened_sale
from tests.serving import Serving, serving

pytestmark = pytest.mark.process

WAITING, JOIN = 10_000, 100
CALLS = int(os.environ.get("LINE_CALLS", "600"))
FLUSHES = (0.25, 0.4, 0.6, 0.75)
"""When Redis is flushed, as shares of the calls. People join at the first."""
KILL = 0.5
ENVIRONMENT = {"USHER_JOINS_PER_MINUTE": "1000000", "USHER_LOG_LEVEL": "warning"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    options = ("--api-processes", "2", "--worker-processes", "1")
    with serving(tmp_path_factory.mktemp("line") / "data", *options, environment=ENVIRONMENT) as running:
        yield running


@pytest.fixture
async def house(served: Serving) -> AsyncIterator[Sale]:
    async with opened_sale(served) as opened:
        yield opened


@dataclass
class Person:
    id: str
    order: tuple[int, datetime, int]

    @classmethod
    def of(cls, token: Json) -> Person:
        return cls(
            token["id"], (token["priority"], datetime.fromisoformat(token["joined_at"]), token["number"])
        )


@dataclass
class Counters:
    """Staff at a line. ``cut``: requests that ended without an answer."""

    house: Sale
    line: Json
    cut: int = 0
    killed: list[int] = field(default_factory=list)

    async def call(self, counter: str, key: str | None) -> Person:
        path = f"/api/v1/services/{self.line['id']}/next"
        return Person.of(await self._post(path, {"counter": counter}, key))

    async def flush(self) -> None:
        redis = connect(self.house.run["redis"]["url"])
        await redis.flushall()
        await redis.aclose()

    async def flush_and_join(self) -> None:
        path = f"/api/v1/services/{self.line['id']}/tokens"
        joining = asyncio.gather(*(self._post(path, {}) for _ in range(JOIN)))
        await self.flush()
        await joining

    async def kill(self) -> None:
        """One that has a counter on the line."""
        busy = [pid for pid in self.house.run["api"]["pids"] if _is_spoken_to(pid, self._port)]
        self.house.signal(busy[0], signal.SIGKILL)
        self.killed.append(busy[0])

    @property
    def _port(self) -> int:
        return int(self.house.url.rpartition(":")[2])

    async def _post(self, path: str, body: Json, key: str | None = None) -> Json:
        headers = {
            "Authorization": f"Bearer {self.house.token}",
            "Idempotency-Key": key or str(ULID()),
        }
        answer = await persist(self._ask, "POST", path, body, headers)
        assert answer.status in (200, 201), answer
        return answer.body

    async def _ask(self, method: str, path: str, body: Json | None, headers: Mapping[str, str]) -> Answer:
        try:
            return await self.house.ask(method, path, body, headers)
        except OSError:
            self.cut += 1
            raise


def _is_spoken_to(pid: int, port: int) -> bool:
    found: list[Any] = psutil.Process(pid).net_connections()
    return any(c.raddr and c.laddr.port == port for c in found)


async def opened_counters(house: Sale) -> Counters:
    body = {"name": "Town hall", "slug": new_id("l").lower().replace("_", "-"), "timezone": "Europe/Vienna"}
    counters = Counters(house, {})
    counters.line = await counters._post("/api/v1/services", body)
    found = await house.database["services"].find_one({"_id": counters.line["id"]})
    assert found is not None
    live = LiveFields(KeyRing(f"1:{'k' * 32}"))  # Signs contacts only, and they left none.
    await seed(house.database, live, crowd(service_of(found), WAITING, datetime.now(UTC)))
    return counters


async def test_twenty_counters_on_two_processes(house: Sale) -> None:
    counters = await opened_counters(house)
    first, *others = (int(CALLS * share) for share in FLUSHES)
    troubles = {first: counters.flush_and_join, int(CALLS * KILL): counters.kill}
    rush = Rush(counters.call, CALLS, troubles | dict.fromkeys(others, counters.flush))
    await rush.run()
    assert counters.killed
    assert len(rush.calls) == CALLS
    assert judge(rush.calls, await everybody(house.database, counters.line["id"])) == Verdict(0, 0, 0)
    assert len(rush.retried) == CALLS // RETRIED
    assert all(len(people) == 1 for people in rush.retried), "a key calls one, however often it is sent"
    in_line = {"service_id": counters.line["id"]}
    tokens = house.database["tokens"]
    assert await tokens.count_documents(in_line | {"status": "called", "version": 2}) == CALLS
    assert len(await tokens.distinct("number", in_line)) == WAITING + JOIN
    report = await house.settled_report()
    assert report["violations"] == []
    assert report["counts"]["tokens"] == {"called": CALLS, "waiting": WAITING + JOIN - CALLS}
