"""Post offices of their own on one database, as several processes have them."""

from __future__ import annotations

from datetime import timedelta

from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.mongo import Database
from app.core.security import KeyRing
from app.notifications.addresses import Addresses
from app.notifications.errors import MailUnsure
from app.notifications.models import Cap, Letter, Mail, TextMessage, Way
from app.notifications.repository import Caps, Mails
from app.notifications.service import Post, Rationing, Ways

LIMIT = 5
LIMITS = {name: Cap(LIMIT, timedelta(hours=1)) for name in ("unasked", "number", "line")}
CLOCK = SystemClock()
ADDRESSES = Addresses(KeyRing(f"1:{'k' * 40}"))


class Counting:
    """Takes everything; says so only where it is not ``unsure``."""

    def __init__(self, *, unsure: bool = False) -> None:
        self.count = 0
        self._unsure = unsure

    async def send(self, _: Letter | TextMessage) -> str | None:
        self.count += 1
        if self._unsure:
            raise MailUnsure
        return None

    async def aclose(self) -> None:
        """Holds nothing open."""


async def write(mail: Mail) -> Letter | TextMessage:
    if mail.way.channel == "sms":
        return TextMessage(mail.id, "+15005550007", "Hi")
    return Letter(mail.id, "ada@example.com", "Hi", "Hi", "Hi")


class Worker:
    def __init__(
        self,
        database: Database,
        *,
        caps: Caps | None = None,
        mails: Mails | None = None,
        unsure: bool = False,
    ) -> None:
        self.letters, self.texts = Counting(unsure=unsure), Counting(unsure=unsure)
        self.mails = mails or Mails(database, CLOCK)
        self._database = database
        rationing = Rationing(caps or Caps(database), LIMITS)
        self.post = Post(self.mails, write, Ways(self.letters, self.texts), rationing, ADDRESSES, CLOCK)

    async def owe(self, count: int, *ways: Way) -> None:
        await self.post.owe_all([self.post.mail("line_called", new_id("tok"), 1, ways) for _ in range(count)])

    async def rounds(self, count: int) -> None:
        """Sweeps, with the pauses in between left out."""
        for _ in range(count):
            await self.post.sweep(100)
            past = CLOCK.now() - timedelta(seconds=1)
            await self._database["mails"].update_many({"due": {"$type": "date"}}, {"$set": {"due": past}})


async def status(database: Database) -> dict[str, int]:
    found = [mail["status"] async for mail in database["mails"].find({})]
    return {name: found.count(name) for name in set(found)}
