"""Lines: what everybody hears of one, what the holder of a token hears, what staff hear."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.core.ids import new_id
from app.core.messages import Envelope
from app.core.redis import Client
from app.realtime import packing
from tests.accounts.house import House, Person
from tests.bus.samples import AT
from tests.realtime.rig import Rig, World, connected

WATCHERS = 40


def moved(token_id: str, service_id: str, kind: str = "called", **more: Any) -> Envelope:
    data = {"token_id": token_id, "service_id": service_id, "number": 7, "status": kind, **more}
    return Envelope(new_id("msg"), "tokens", f"token.{kind}", token_id, 2, AT, data)


def paused(service_id: str) -> Envelope:
    data = {"service_id": service_id, "slug": "desk", "state": "paused"}
    return Envelope(new_id("msg"), "services", "service.paused", service_id, 2, AT, data)


async def limited(house: House, *services: str) -> Person:
    admin, person = await house.admin(), await house.customer()
    scope = {"events": [], "services": list(services)}
    answer = await admin.do("PATCH", f"/api/v1/users/{person.id}", {"role": "staff", "scope": scope})
    assert answer.status_code == 200, answer.text
    return person


async def test_a_line_is_watched_by_its_slug(rig: Rig, world: World, url: str, service_id: str) -> None:
    async with connected(url) as client:
        line = world.lines[service_id]
        snapshot = await client.call("watch", {"service": line["slug"]})
        assert (snapshot["room"], snapshot["waiting"]) == (f"service:{service_id}", 0)
        line["waiting"] = 3
        await rig.listener.heard([moved(new_id("tok"), service_id, "joined")])
        update = await client.hears("service.updated")
        epoch, _, n = snapshot["seq"].partition(".")
        assert (update["waiting"], update["seq"]) == (3, f"{epoch}.{int(n) + 1}")
        line["slug"], line["state"] = "moved-away", "paused"
        await rig.listener.heard([paused(service_id)])
        assert (await client.hears("service.updated", 2))["slug"] == "moved-away"


async def test_a_line_that_is_not_there(url: str) -> None:
    async with connected(url) as client:
        assert (await client.call("watch", {"service": "nowhere"}))["error"]["code"] == "not_found"


async def test_a_line_in_a_rush_is_told_twice_a_second_at_most_and_the_last_is_told(
    rig: Rig, world: World, url: str, service_id: str
) -> None:
    """Counted by the reads, each of which is one update: how long the rush took does not matter."""
    line = world.lines[service_id]
    async with connected(url) as client:
        await client.call("watch", {"service": line["slug"]})
        began, reads = asyncio.get_running_loop().time(), world.line_reads
        for n in range(1, 101):
            line["waiting"] = n
            await rig.listener.heard([moved(new_id("tok"), service_id, "joined")])
        await client.hears_of("service.updated", waiting=100)
        passed = asyncio.get_running_loop().time() - began
        assert world.line_reads - reads <= 2 * passed + 1


async def test_an_update_is_written_once_for_all_who_watch(
    rig: Rig, world: World, url: str, service_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    dumps = packing.dumps

    def counting(value: Any, **options: Any) -> str:
        text = dumps(value, **options)
        if f'"room":"service:{service_id}"' in text:
            written.append(text)
        return text

    clients = [connected(url) for _ in range(WATCHERS)]
    watching = await asyncio.gather(*(client.__aenter__() for client in clients))
    slug = world.lines[service_id]["slug"]
    await asyncio.gather(*(client.call("watch", {"service": slug}) for client in watching))
    reads = world.line_reads
    monkeypatch.setattr(packing, "dumps", counting)
    await rig.listener.heard([paused(service_id)])
    await asyncio.gather(*(client.hears("service.updated") for client in watching))
    assert len(written) == 2, "once into Redis, once for the sockets"
    assert world.line_reads == reads + 1
    await asyncio.gather(*(client.__aexit__(None, None, None) for client in clients))


async def test_a_token_is_watched_with_its_secret_and_by_nobody_else(
    rig: Rig, world: World, url: str, service_id: str, token_id: str
) -> None:
    async with connected(url) as holder, connected(url) as stranger:
        watch = {"token": token_id, "secret": f"secret of {token_id}"}
        assert (await holder.call("watch", watch))["alias"] == "brave-otter"
        foreign = await stranger.call("watch", watch | {"secret": "us_guess"})
        absent = await stranger.call("watch", {"token": new_id("tok"), "secret": "us_guess"})
        assert foreign == absent
        assert foreign["error"]["code"] == "not_found"
        await stranger.call("watch", {"service": world.lines[service_id]["slug"]})
        world.tokens[token_id] |= {"status": "called", "version": 2}
        await rig.listener.heard([moved(token_id, service_id)])
        assert (await holder.hears("token.updated"))["status"] == "called"
        await stranger.hears("service.updated")
        assert stranger.of("token.updated") == []
        assert "otter" not in str(stranger.heard)


@pytest.mark.parametrize(
    "asked",
    [
        {"service": ""},
        {"service": "x" * 101},
        {"service": {"$ne": None}},
        {"service": "desk", "more": 1},
        {"token": new_id("tok")},
        {"token": "tok_1", "secret": "x"},
        {"token": new_id("tok"), "secret": "x" * 2001},
        {"token": new_id("ord"), "secret": "x"},
    ],
)
async def test_bad_watches_are_refused(url: str, asked: object) -> None:
    async with connected(url) as client:
        assert (await client.call("watch", asked))["error"]["code"] == "invalid"


async def test_staff_hear_of_tokens_lines_and_claims(
    rig: Rig, world: World, house: House, url: str, service_id: str, token_id: str
) -> None:
    admin = await house.admin()
    async with connected(url, "/admin", auth={"token": admin.tokens["access_token"]}) as client:
        await client.call("watch", {}, "/admin")
        await rig.listener.heard([moved(token_id, service_id, "joined", invite=4)])
        claim = await client.hears("invite.claimed")
        assert (claim["service_id"], claim["number"], claim["invite"]) == (service_id, 7, 4)
        assert (await client.hears("token.updated"))["id"] == token_id
        assert (await client.hears("service.updated"))["id"] == service_id
        await rig.listener.heard([moved(token_id, service_id)])
        await client.hears("token.updated", 2)
        assert len(client.of("invite.claimed")) == 1


async def test_staff_of_one_line_hear_of_no_other(
    rig: Rig, world: World, house: House, url: str, service_id: str, token_id: str, event_id: str
) -> None:
    other, foreign = new_id("svc"), new_id("tok")
    world.lines[other] = {"id": other, "slug": "other", "version": 1}
    world.tokens[foreign] = {"id": foreign, "service_id": other, "number": 1, "version": 1}
    person = await limited(house, service_id)
    async with connected(url, "/admin", auth={"token": person.tokens["access_token"]}) as client:
        snapshot = await client.call("watch", {}, "/admin")
        assert [room["room"] for room in snapshot["rooms"]] == [f"staff:{service_id}"]
        await rig.listener.heard([moved(foreign, other, "joined", invite=1), paused(other)])
        await rig.listener.heard([moved(token_id, service_id, "joined", invite=2)])
        assert (await client.hears("token.updated"))["id"] == token_id
        assert (await client.hears("service.updated"))["id"] == service_id
        assert (await client.hears("invite.claimed"))["service_id"] == service_id
        heard = str(client.heard)
        assert other not in heard
        assert foreign not in heard


async def test_who_gets_another_line_is_put_out(
    house: House, world: World, url: str, service_id: str
) -> None:
    person, admin = await limited(house, service_id), await house.admin()
    async with connected(url, "/admin", auth={"token": person.tokens["access_token"]}) as client:
        scope = {"events": [], "services": [new_id("svc")]}
        await admin.do("PATCH", f"/api/v1/users/{person.id}", {"scope": scope})
        await client.hears("disconnect", seconds=30)


async def test_nothing_is_read_for_lines_nobody_watches(
    rig: Rig, world: World, redis: Client, service_id: str, token_id: str
) -> None:
    await redis.delete("usher:live:{staff}:watched")
    await rig.listener.heard([moved(token_id, service_id)])
    await rig.listener.aclose()
    assert (world.reads, world.line_reads) == (0, 0)
