"""What a worker does, in rounds: every sweep, job and relay once, in the order that is least convenient.

The real worker calls the same methods, each in a loop of its own. By hand they end when all is done, and
deadlines can be moved instead of waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from app.bootstrap import Services
from app.bus.memory import MemoryBus
from app.core.errors import Problem
from app.core.mongo import Database
from workers.jobs.handlers import handlers
from workers.jobs.sweeps import sweeps
from workers.relay import Relay
from workers.runner import Runner

LIMIT = 1000
PATIENCE = 300.0


class Rounds:
    def __init__(self, services: Services) -> None:
        news, clock = services.news, services.engines.clock
        self._runs = news.runs
        self._sweeps = sweeps(services)
        self._relay = Relay(news.outboxes, news.messages, MemoryBus(), lambda _: ())

        async def tell(_: object) -> None:
            return

        self._runner = Runner(news.runs, handlers(services), clock, tell, timeout_seconds=30, tries=10)

    async def once(self) -> None:
        for step in (self._jobs, *(sweep.run for sweep in self._sweeps), self._relay.once):
            await _borne(step)

    async def _jobs(self) -> None:
        await self._runs.revive()
        for job, _ in await self._runs.offer(LIMIT):
            await self._runner.run(job)


async def _borne(step: Callable[[], Awaitable[Any]]) -> None:
    """A refusal or a provider that is away is met again by the next round, as in the worker."""
    try:
        await step()
    except Problem:
        await asyncio.sleep(0.01)


async def settled(services: Services, *, hurrying: bool = True) -> None:
    """A worker is back: rounds until nothing is owed to anybody."""
    rounds, database = Rounds(services), services.engines.mongo.database
    async with asyncio.timeout(PATIENCE):
        while True:
            if hurrying:
                await hurried(services)
            await rounds.once()
            owed = await owes(database)
            if not owed:
                return
            await asyncio.sleep(0.02)


async def hurried(services: Services) -> None:
    """Moves the time of all work that waits to now. Holds keep their deadline: see ``overdue``."""
    database = services.engines.mongo.database
    now = services.engines.clock.now() - timedelta(milliseconds=5)
    for collection, field, which in (
        ("orders", "check_at", {"status": "expiring"}),
        ("orders", "refund_at", {}),
        ("payments", "poll_at", {}),
        ("payments", "settle_at", {}),
        ("payments", "refund_at", {}),
        ("tokens", "transfer_due", {}),
        ("deliveries", "next_at", {"status": "received"}),
        ("jobs", "due", {"status": "queued"}),
        ("jobs", "lease", {"status": "running"}),
    ):
        later = {**which, field: {"$type": "date", "$gt": now}}
        await database[collection].update_many(later, {"$set": {field: now}})
    await database["jobs"].update_many({"status": "queued"}, {"$unset": {"offered_at": ""}})


async def overdue(services: Services, order_id: str, by: timedelta = timedelta(seconds=1)) -> None:
    """The hold's time is over: its deadline, and the look at an opened session that is due with it."""
    database, past = services.engines.mongo.database, services.engines.clock.now() - by
    await database["orders"].update_one(
        {"_id": order_id, "deadline": {"$type": "date"}}, {"$set": {"deadline": past}}
    )
    await database["orders"].update_one(
        {"_id": order_id, "check_at": {"$type": "date"}}, {"$set": {"check_at": past}}
    )


async def owes(database: Database) -> list[str]:
    """What is still under way, for whoever waits for quiet."""
    queries: dict[str, tuple[str, dict[str, Any]]] = {
        "expiring": ("orders", {"status": "expiring"}),
        "overdue": (
            "orders",
            {"status": "pending", "deadline": {"$type": "date"}, "$expr": {"$lte": ["$deadline", "$$NOW"]}},
        ),
        "refund due": ("orders", {"refunds_due.0": {"$exists": True}}),
        "captured, not disposed": ("payments", {"status": "captured", "disposition": None}),
        "refund owed": ("payments", {"refunds.state": "owed"}),
        "delivery": ("deliveries", {"status": "received"}),
        "order's outbox": ("orders", {"outbox.0": {"$exists": True}}),
        "payment's outbox": ("payments", {"outbox.0": {"$exists": True}}),
        "transfer": ("tokens", {"transfer_due": {"$exists": True}}),
        "token's outbox": ("tokens", {"outbox.0": {"$exists": True}}),
        "service's outbox": ("services", {"outbox.0": {"$exists": True}}),
    }
    found = []
    for what, (collection, query) in queries.items():
        if document := await database[collection].find_one(query, {"_id": 1}):
            found.append(f"{what}: {document['_id']}")
    return found
