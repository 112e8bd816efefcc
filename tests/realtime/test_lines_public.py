"""The real thing: what leaves the house about a line is numbers, whoever is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.bootstrap import build_live_listener
from app.core.ids import new_id
from app.core.messages import envelope
from app.core.redis import Client
from app.realtime.fanout import CHANNEL
from app.realtime.listeners import LiveListener
from tests.faults.house import House, Place, dropped, opened
from tests.faults.lines_stage import LineStage
from tests.realtime.rig import Listening, connected

CANARY = {
    "name": "Canary Bird",
    "email": "canary@example.com",
    "phone": "+4915112345678",
    "alias": "canary-own-alias",
}
THE_END = "test:the-end"
PUBLIC = {
    "id",
    "slug",
    "name",
    "description",
    "timezone",
    "state",
    "counters",
    "remote_join",
    "verify",
    "opening_hours",
    "version",
    "now_serving",
    "waiting",
    "next",
    "waits",
    "wait",
    "served_today",
    "average_minutes_today",
}
EMITTED = {"room", "seq"}


@dataclass
class Street:
    """A line people watch from outside, a worker that tells them, and an ear at Redis."""

    stage: LineStage
    listener: LiveListener
    heard: set[str] = field(default_factory=set)

    async def tell(self) -> None:
        """What the relay and the feed do with the outboxes."""
        entries = []
        for name in ("tokens", "services"):
            found = self.stage.house.database[name].find({"outbox.id": {"$gt": ""}}, {"outbox": 1})
            entries += [entry async for document in found for entry in document["outbox"]]
        fresh = [entry for entry in entries if entry["id"] not in self.heard]
        self.heard.update(entry["id"] for entry in fresh)
        await self.listener.heard([envelope(e) for e in fresh if e["stream"] in ("tokens", "services")])

    @property
    def url(self) -> str:
        return str(self.stage.house.client.base_url)


@pytest.fixture(scope="module")
async def place(mongo_url: str, redis_url: str) -> AsyncIterator[House]:
    async with opened(Place.new(mongo_url, redis_url)) as house:
        yield house
        await dropped(house.place, house.services)


@pytest.fixture
async def street(place: House) -> AsyncIterator[Street]:
    listener = build_live_listener(place.services)
    stage = await LineStage.of(place)
    await stage.open_line(verify="alias")
    yield Street(stage, listener)
    await listener.aclose()


async def test_strangers_and_redis_hear_numbers_only(street: Street, redis: Client) -> None:
    stage = street.stage
    other = await stage.open_line()
    slug = {"service": stage.line["slug"]}
    overheard = redis.pubsub()
    await overheard.subscribe(CHANNEL, THE_END)
    for _ in range(2):  # That it is subscribed now.
        await overheard.get_message(timeout=60)
    joined = (await stage.join(None, **CANARY)).json()
    for _ in range(2):
        await stage.buyer().post(f"/api/v1/services/{stage.line['id']}/tokens", json={}, key=new_id("tok"))
    async with (
        connected(street.url) as stranger,
        connected(street.url) as holder,
        connected(street.url, "/admin", auth={"token": stage.staff}) as staff,
    ):
        await stranger.call("watch", slug)
        own = await holder.call("watch", {"token": joined["id"], "secret": joined["secret"]})
        assert own["alias"] == joined["alias"], "one's own alias, to oneself"
        assert (await stranger.call("watch", {"token": joined["id"], "secret": "us_x"}))["error"]
        await street.tell()
        await stage.next()
        await street.tell()
        assert (await holder.hears_of("token.updated", status="called"))["counter"] == "1"
        await stranger.hears_of("service.updated", waiting=2)
        await stage.act("verify", alias=CANARY["alias"])
        await stage.act("transfer", service_id=other["id"])
        await street.tell()
        moved = await holder.hears_of("token.updated", status="transferred")
        assert moved["transferred_to"]["service_id"] == other["id"]
        await staff.hears_of("token.updated", status="transferred")
        update = await stranger.hears_of("service.updated", now_serving=[], waiting=2)
        assert set(update) == PUBLIC | EMITTED
        assert update["next"] == [2, 3]
        canaries = [*CANARY.values(), joined["alias"], joined["secret"], stage.staff]
        _silent_about(stranger, [*canaries, "tok_", "usr_"])
        for listening in (holder, staff):
            _silent_about(listening, canaries, but="snapshot")
    await redis.publish(THE_END, "")
    texts = [str(message) async for message in _published(overheard)]
    assert any("service.updated" in text for text in texts)
    assert not [text for text in texts if any(canary in text for canary in canaries)]


async def test_the_last_of_a_rush_is_what_everybody_sees(street: Street) -> None:
    """A snapshot is never older than the seq it bears, and news is never older than what it is about."""
    stage = street.stage
    async with connected(street.url) as early:
        await early.call("watch", {"service": stage.line["slug"]})
        path = f"/api/v1/services/{stage.line['id']}/tokens"
        for n in range(8):
            await stage.buyer().post(path, json={}, key=f"rush-{n}")
            await street.tell()
        last = await early.hears_of("service.updated", waiting=8)
        assert last["next"] == list(range(1, 9))
        async with connected(street.url) as late:
            assert (await late.call("watch", {"service": stage.line["id"]}))["waiting"] == 8


def _silent_about(listening: Listening, canaries: list[str], but: str = "") -> None:
    said = str([(name, payload) for name, payload in listening.heard if name != but])
    assert not [canary for canary in canaries if canary in said]


async def _published(overheard: Any) -> AsyncIterator[Any]:
    """Everything there was before the end."""
    async for message in overheard.listen():
        if message["channel"] == THE_END:
            break
        yield message
    await overheard.aclose()
