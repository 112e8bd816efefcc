"""All of it together."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo import monitoring

from app.bootstrap.accounts import Accounts, build_accounts
from app.bootstrap.engines import Engines, Prepares
from app.bootstrap.lines import Lines, build_lines
from app.bootstrap.news import News, build_news
from app.bootstrap.notifications import Notifications, build_notifications
from app.bootstrap.privacy import Privacy, build_privacy
from app.bootstrap.sales import Sales, build_sales
from app.core.errors import Transient
from app.core.health import Health
from app.core.idempotency import IdempotencyKeys
from app.core.mongo import PyMongoError
from app.settings import Settings

log = structlog.get_logger("bootstrap")

CLOCK_SECONDS = 30


@dataclass
class Services:
    engines: Engines
    keys: IdempotencyKeys
    accounts: Accounts
    sales: Sales
    lines: Lines
    news: News
    notifications: Notifications
    privacy: Privacy

    @property
    def provided(self) -> dict[type[Any], Any]:
        """What routes may ask for, by class."""
        health = Health(self.engines.mongo, self.engines.redis, self.engines.clock)
        rooms = (self.accounts, self.sales, self.lines, self.news, self.privacy)
        things = [self.keys, health, *(thing for room in rooms for thing in room.provided())]
        return {type(thing): thing for thing in things}

    async def prepare(self) -> None:
        """Indexes, and the offset to the database's clock. Safe to run in every process at once."""
        await self.engines.mongo.measure_clock(self.engines.clock)
        repositories: list[Prepares] = [
            self.keys,
            *self.accounts.repositories,
            *self.sales.repositories,
            *self.lines.repositories,
            *self.news.repositories,
            *self.notifications.repositories,
            *self.privacy.repositories,
            *self.news.outboxes,
        ]
        for repository in repositories:
            await repository.prepare()

    async def upkeep(self) -> None:
        """What every process does for itself, until cancelled: heals pictures it sold past, keeps time."""
        for second in itertools.count(1):
            await asyncio.sleep(1)
            try:
                await self.sales.stock.heal()
                if second % CLOCK_SECONDS == 0:
                    await self.engines.mongo.measure_clock(self.engines.clock)
            except (PyMongoError, Transient) as error:
                log.warning("upkeep_failed", error=type(error).__name__)

    async def close(self) -> None:
        await self.sales.close()
        await self.accounts.close()
        await self.notifications.close()
        await self.news.poke.aclose()
        await self.engines.close()


def build(settings: Settings, listeners: Sequence[monitoring.CommandListener] = ()) -> Services:
    """Connects lazily: nothing is asked of MongoDB or Redis before ``prepare``."""
    engines = Engines.connect(settings, listeners)
    keys = IdempotencyKeys(engines.mongo.database, engines.clock)
    accounts = build_accounts(engines, keys)
    sales, lines = build_sales(engines, keys), build_lines(engines, keys)
    news = build_news(engines, keys, sales)
    notifications = build_notifications(engines, accounts, sales, lines)
    privacy = build_privacy(engines, keys, accounts, sales)
    return Services(engines, keys, accounts, sales, lines, news, notifications, privacy)
