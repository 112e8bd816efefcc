"""The whole house with a post office: what it tells is relayed, heard and sent when the test says so."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from pydantic import SecretStr
from pymongo import monitoring
from ulid import ULID

from app.bus.memory import MemoryBus
from app.core.mongo import Database, Document
from app.notifications.listeners import STREAMS
from app.settings import Mail, Sms
from tests.e2e.conftest import PASSWORD, House, a_house, bearer, settings_for
from tests.fakes.twilio_server import SENDER, SID, TOKEN, TwilioServer
from tests.notifications.smtp_server import Mailbox, body
from workers.consumer import Handing, Subscription, Subscriptions
from workers.relay import Relay

LINK = re.compile(r"https?://\S+")


def mail_settings(port: int) -> Mail:
    return Mail(
        email="smtp",
        email_from="Usher <usher@example.com>",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_encryption="none",
        smtp_timeout_seconds=30,
        mails_address_per_hour=100_000,  # All tests come from one address.
    )


def sms_settings(twilio: TwilioServer | None, **caps: Any) -> Sms:
    if twilio is None:
        return Sms(sms_provider="none", **caps)
    return Sms(
        sms_provider="twilio",
        sms_from=SENDER,
        twilio_url=twilio.url,
        twilio_account_sid=SID,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_timeout_seconds=30,
        **caps,
    )


@dataclass
class Office:
    house: House
    mailbox: Mailbox
    twilio: TwilioServer = field(default_factory=TwilioServer)
    bus: MemoryBus = field(default_factory=MemoryBus)

    @property
    def database(self) -> Database:
        return self.house.services.engines.mongo.database

    @property
    def subscription(self) -> Subscription:
        listener = self.house.services.notifications.listener
        return Subscription("notifications", STREAMS, listener.heard, listener.types)

    async def deliver(self) -> int:
        """All a worker does for mail, once through; returns how many mails came to an end."""
        await self.hear()
        return await self.sweep()

    async def hear(self) -> None:
        news, subscription = self.house.services.news, self.subscription
        relay = Relay(news.outboxes, news.messages, self.bus, Subscriptions((subscription,)).owes)
        while await relay.once():
            continue
        found = await self.bus.read("notifications", "test", STREAMS, count=10_000, block=0)
        wanted = [envelope for _, envelope in found if subscription.wants(envelope)]
        if wanted:
            await Handing(news.messages).hand(subscription, wanted)

    async def sweep(self) -> int:
        return await self.house.services.notifications.post.sweep(1000)

    async def mails(self) -> list[Document]:
        return await self.database["mails"].find({}).sort("_id", 1).to_list(None)

    async def make_due(self) -> None:
        """As if the lease or the pause were over."""
        past = self.house.services.engines.clock.now() - timedelta(seconds=1)
        await self.database["mails"].update_many({"due": {"$type": "date"}}, {"$set": {"due": past}})

    async def an_hour_later(self) -> None:
        """As far as caps are concerned."""
        await self.days_later(timedelta(hours=1, minutes=1))

    async def days_later(self, by: timedelta) -> None:
        ago = int(by.total_seconds() * 1000)
        earlier = {"$map": {"input": "$at", "in": {"$subtract": ["$$this", ago]}}}
        await self.database["mail_caps"].update_many({}, [{"$set": {"at": earlier}}])

    async def person(self, email: str | None = None) -> Person:
        email = email or f"{ULID()}@example.com".lower()
        answer = await self.post("/auth/signup", {"email": email, "password": PASSWORD, "name": "Ada"})
        assert answer[0] == 201, answer
        return Person(self, email, answer[1]["user"]["id"], answer[1]["access_token"])

    async def post(self, path: str, json: Any = None, token: str | None = None) -> tuple[int, Any]:
        headers = bearer(token) if token else {}
        answer = await self.house.client.post(f"/api/v1{path}", json=json, headers=headers)
        return answer.status_code, answer.json() if answer.content else None


@dataclass
class Person:
    office: Office
    email: str
    id: str
    token: str

    def letters(self) -> list[EmailMessage]:
        return self.office.mailbox.to(self.email)

    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters()]

    async def do(self, path: str, json: Any = None) -> tuple[int, Any]:
        return await self.office.post(path, json, self.token)


@asynccontextmanager
async def an_office(
    mongo_url: str,
    redis_url: str,
    mailbox: Mailbox,
    listeners: Sequence[monitoring.CommandListener] = (),
    twilio: TwilioServer | None = None,
    **caps: Any,
) -> AsyncIterator[Office]:
    settings = settings_for(mongo_url, redis_url)
    settings.mail, settings.sms = mail_settings(mailbox.port), sms_settings(twilio, **caps)
    async with a_house(settings, listeners) as house:
        yield Office(house, mailbox, twilio or TwilioServer())


def link(letter: EmailMessage) -> str:
    """The first one in the text, which the HTML has too."""
    found = LINK.search(body(letter))
    assert found is not None
    assert found[0] in body(letter, "html")
    return found[0]


def secret(letter: EmailMessage) -> str:
    return link(letter).partition("#")[2]
