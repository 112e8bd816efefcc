"""Tell me N minutes before: to whom it is due, once, whoever looks how often."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.core.messages import Message, envelope
from app.core.mongo import Document
from app.queues.eta import Wait
from app.queues.listeners import ReminderListener
from app.queues.models import Service, Status, Token
from app.queues.repository.line import LineReads
from app.queues.repository.subscribers import Subscribers
from app.queues.repository.tokens import Tokens
from app.queues.service.directory import Directory
from app.queues.service.reading import Reading
from app.queues.service.reminders import Reminders
from tests.queues.house import House, Json

MINUTES_EACH = 5


async def five_each(service: Service, aheads: Sequence[int]) -> list[Wait]:
    return [Wait(MINUTES_EACH * ahead + 0.5, MINUTES_EACH * 2.0 * ahead + 1, 1) for ahead in aheads]


def reminders_of(house: House, tokens: Tokens | None = None) -> Reminders:
    """A worker of its own, which remembers nothing."""
    database, clock = house.database, house.services.engines.clock
    directory = Directory(house.lines.services, seconds=0)
    reading = Reading(LineReads(database), directory, five_each, clock, seconds=0)
    return Reminders(tokens or house.lines.tokens, Subscribers(database), directory, reading, clock)


async def reminded(house: House, line: Json) -> list[int]:
    return [d["number"] for d in await house.documents(line) if d["notify"]["reminded_at"] is not None]


async def entries(house: House, token: Json) -> list[Any]:
    return [entry for entry in (await house.document(token))["history"] if entry["cause"] == "reminder_due"]


async def test_it_is_due_when_the_median_has_come_down_to_it(house: House) -> None:
    line, reminders = await house.line(), reminders_of(house)
    for minutes in (None, 4, 11, 12, None, 60):
        await house.enter(line, **({"notify_minutes_before": minutes} if minutes else {}))
    assert await reminders.look(line["id"]) == 2
    assert await reminded(house, line) == [3, 6]
    for counter in "12":
        await house.call("POST", f"/services/{line['id']}/next", {"counter": counter}, token=house.staff)
    assert await reminders.look(line["id"]) == 1
    assert await reminded(house, line) == [3, 4, 6], "number 2 was called before it was told"
    assert await reminders.look(line["id"]) == 0


async def test_its_message_says_how_many_minutes(house: House) -> None:
    line = await house.line()
    await house.enter(line)
    token = await house.enter(line, notify_minutes_before=30)
    await reminders_of(house).look(line["id"])
    [message] = [
        m for m in (await house.document(token))["outbox"] if m["data"].get("cause") == "reminder_due"
    ]
    assert (message["type"], message["data"]["minutes"]) == ("token.updated", 6)
    assert message["version"] == (await house.document(token))["version"] == token["version"] + 1


async def test_many_lookers_remind_once(house: House) -> None:
    line = await house.line()
    tokens = [await house.enter(line, notify_minutes_before=60) for _ in range(5)]
    told = await asyncio.gather(*(reminders_of(house).look(line["id"]) for _ in range(8)))
    assert sum(told) >= 5
    assert [len(await entries(house, token)) for token in tokens] == [1] * 5


class Careless(Tokens):
    """The guard removed: it finds the token as it was, and writes on whatever it is by now."""

    async def find(self, id: str) -> Token | None:
        token = await super().find(id)
        return token and replace(token, notify=replace(token.notify, reminded_at=None))

    async def move(
        self,
        token: Token,
        to: Status,
        *,
        cause: str,
        by: str,
        key: str | None = None,
        fields: Document | None = None,
        unset: Sequence[str] = (),
        expect: Document | None = None,
        messages: Sequence[Message] = (),
    ) -> Token | None:
        while (now := await self.find(token.id)) is not None:
            moved = await super().move(now, to, cause=cause, by=by, fields=fields, messages=messages)
            if moved is not None:
                return moved
        return None


async def test_control_without_the_guard_each_looker_reminds(house: House) -> None:
    line = await house.line()
    token = await house.enter(line, notify_minutes_before=60)
    careless = Careless(house.database, house.services.engines.clock)
    owed = await Subscribers(house.database).owed_reminders(line["id"])
    lookers = [reminders_of(house, careless) for _ in range(4)]
    service = await house.lines.directory.stored(line["id"])
    for looker in lookers:  # Each has found it owed before any of them wrote.
        [due] = await looker._due(service, owed)
        await looker._remind(due)
    assert len(await entries(house, token)) == 4


async def test_nobody_is_reminded_while_the_line_is_paused(house: House) -> None:
    line, reminders = await house.line(), reminders_of(house)
    await house.enter(line, notify_minutes_before=60)
    await house.call("POST", f"/services/{line['id']}/pause", {}, token=house.staff)
    assert await reminders.look(line["id"]) == 0
    await house.call("POST", f"/services/{line['id']}/open", {}, token=house.staff)
    assert await reminders.look(line["id"]) == 1


async def test_who_steps_away_is_reminded_when_back(house: House) -> None:
    line, reminders = await house.line(remote_join=True), reminders_of(house)
    token = await house.join(line, notify_minutes_before=60)
    assert (await house.move(token, "away")).status_code == 200
    assert await reminders.look(line["id"]) == 0
    assert (await house.move(token, "back")).status_code == 200
    assert await reminders.look(line["id"]) == 1


async def test_the_sweep_finds_what_no_news_told_of(house: House) -> None:
    lines = [await house.line() for _ in range(3)]
    for line in lines[:2]:
        await house.enter(line, notify_minutes_before=60)
    await reminders_of(house).sweep()
    assert [len(await reminded(house, line)) for line in lines] == [1, 1, 0]
    assert not set(await Subscribers(house.database).lines_with_reminders()) & {line["id"] for line in lines}


class Counting(Reminders):
    def __init__(self) -> None:
        self.looked: list[str] = []

    async def look(self, service_id: str) -> int:
        self.looked.append(service_id)
        return 0


async def test_news_of_a_line_are_looked_into_once_and_its_own_never(house: House) -> None:
    line, reminders = await house.line(), Counting()
    token = await house.enter(line)
    [entry] = (await house.document(token))["outbox"][:1]
    own = entry | {"data": entry["data"] | {"cause": "reminder_due", "service_id": "svc_x"}}
    listener = ReminderListener(reminders, house.services.engines.clock)
    await listener.heard([envelope(entry), envelope(entry), envelope(own)])
    await listener.heard([envelope(entry)])
    assert reminders.looked == [line["id"]], "and not again for some seconds"
