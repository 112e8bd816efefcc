"""A whole ``usher serve`` under a crowd: real processes, a real socket, and somebody who breaks things."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import psutil

from app.check import check
from app.core.mongo import Database, MongoConnection
from app.core.redis import connect
from tests.orders.house import Json, event_body, seating, type_id
from tests.races.buyers import Answer, Ask, Crowd, persist
from tests.races.verdict import Verdict, judge
from tests.serving import Serving

PLACES, SEATS = 200, 200
Trouble = Callable[["Sale"], Coroutine[Any, Any, None]]
"""Runs beside the sale until it is cancelled."""
SETTLE_ROUNDS = 300


@dataclass
class Sale:
    serving: Serving
    session: aiohttp.ClientSession
    url: str
    """Of all API processes: they share one socket."""
    token: str
    database: Database
    kills: int = 0

    @property
    def run(self) -> dict[str, Any]:
        return self.serving.run

    async def crowd(self, **more: Any) -> Crowd:
        kinds = [{"name": "Standing", "price": 2500, "capacity": PLACES}, {"name": "Seat", "price": 5000}]
        body = event_body(ticket_types=kinds, seating=seating(A=SEATS // 2, B=SEATS // 2))
        event = await self._admin("/api/v1/events", body)
        await self._admin(f"/api/v1/events/{event['id']}/publish", None)
        seats = [f"stalls/{row}/{n}" for row in "AB" for n in range(1, SEATS // 2 + 1)]
        return Crowd(self.ask, event["id"], type_id(event), seats, PLACES, **more)

    async def hold(self, crowd: Crowd, buyers: int, trouble: Trouble | None = None) -> Verdict:
        """The sale, from the first buyer until nobody finds anything any more."""
        breaking = asyncio.create_task(trouble(self)) if trouble else None
        try:
            await crowd.buy_all(buyers)
        finally:
            if breaking is not None:
                breaking.cancel()
                with suppress(asyncio.CancelledError):
                    await breaking
        return await judge(self.database, crowd)

    async def settled_report(self) -> Json:
        """What the checker says once every payment has become something."""
        for _ in range(SETTLE_ROUNDS):
            if not await self._unsettled():
                break
            await asyncio.sleep(1)
        return await check(self.run["mongod"]["url"], self.run["redis"]["url"])

    async def _unsettled(self) -> int:
        captured: dict[str, Json] = {
            "sandbox_ledger": {"state": "captured"},
            "payments": {"disposition": {"$ne": None}},
        }
        counts = [await self.database[name].count_documents(query) for name, query in captured.items()]
        waiting = await self.database["orders"].count_documents(
            {"$or": [{"status": "expiring"}, {"outbox.id": {"$gt": ""}}]}
        )
        owes = {"outbox.id": {"$gt": ""}}
        untold = [await self.database[name].count_documents(owes) for name in ("tokens", "services")]
        return counts[0] - counts[1] + waiting + sum(untold)

    async def statuses(self, ids: set[str]) -> set[str]:
        found = self.database["orders"].find({"_id": {"$in": list(ids)}}, {"status": 1})
        return {order["status"] async for order in found}

    @property
    def ask(self) -> Ask:
        async def ask(method: str, path: str, body: Json | None, headers: Mapping[str, str]) -> Answer:
            sent: dict[str, Any] = {"data" if path.startswith("/checkout/") else "json": body}
            try:
                async with self.session.request(
                    method, self.url + path, headers=headers, allow_redirects=False, **sent
                ) as response:
                    return Answer(response.status, await response.json(content_type=None))
            except aiohttp.ClientError as error:
                raise OSError("cut off") from error

        return ask

    @property
    def all_at_work(self) -> bool:
        """Each has started as far as to speak to MongoDB."""
        run = self.run
        port = int(run["mongod"]["url"].partition("/?")[0].rpartition(":")[2].strip("/"))
        return all(_speaks_to(port, pid) for kind in ("api", "worker") for pid in run[kind]["pids"])

    def signal(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # It may be between two lives.
            os.kill(pid, number)

    async def _admin(self, path: str, body: Json | None) -> Json:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await persist(self.ask, "POST", path, body, headers)
        assert answer.status in (200, 201), answer
        return answer.body


def _speaks_to(port: int, pid: int) -> bool:
    try:
        return any(c.raddr and c.raddr.port == port for c in psutil.Process(pid).net_connections())
    except psutil.Error:
        return False


@asynccontextmanager
async def opened_sale(serving: Serving, *, scattered: bool = False) -> AsyncIterator[Sale]:
    """``scattered``: every request opens a connection, so that whichever process is free takes it."""
    connector = aiohttp.TCPConnector(limit=0, force_close=scattered)
    timeout = aiohttp.ClientTimeout(total=10)
    connection = MongoConnection(serving.run["mongod"]["url"], "usher")
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        sale = Sale(serving, session, serving.url, "", connection.database)
        admin = serving.run["admin"]
        answer = await persist(sale.ask, "POST", "/api/v1/auth/signin", admin, {})
        assert answer.status == 200, answer
        sale.token = answer.body["access_token"]
        yield sale
    await connection.close()


async def redis_flushed(sale: Sale) -> None:
    redis = connect(sale.run["redis"]["url"])
    while True:
        await asyncio.sleep(0.3)
        await redis.flushall()


async def redis_killed(sale: Sale) -> None:
    while True:
        await asyncio.sleep(1.5)
        sale.signal(sale.run["redis"]["pid"], signal.SIGKILL)


async def redis_paused(sale: Sale) -> None:
    """5 s without an answer, 1 s with."""
    while True:
        await asyncio.sleep(1)
        async with redis_stopped(sale):
            await asyncio.sleep(5)


@asynccontextmanager
async def redis_stopped(sale: Sale) -> AsyncIterator[None]:
    pid = sale.run["redis"]["pid"]
    sale.signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        sale.signal(pid, signal.SIGCONT)


async def programs_killed(sale: Sale) -> None:
    """One API process and one worker at a time, again as soon as all of them are at work."""
    while True:
        await asyncio.sleep(0.5)
        if not sale.all_at_work:
            continue
        for kind in ("api", "worker"):
            pids = sale.run[kind]["pids"]
            sale.signal(pids[sale.kills % len(pids)], signal.SIGKILL)
        sale.kills += 1
