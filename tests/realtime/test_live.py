"""The public side: snapshots, updates, seq, and what strangers may not do."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from socketio.exceptions import ConnectionError as Refused

from app.core.ids import new_id
from app.core.messages import Envelope
from app.core.redis import Client
from tests.bus.samples import AT
from tests.realtime.rig import Rig, World, connected


def sold(event_id: str, order_id: str = "") -> Envelope:
    order_id = order_id or new_id("ord")
    data = {"event_id": event_id, "order_id": order_id}
    return Envelope(new_id("msg"), "ticket_availability", "tickets.sold", order_id, 1, AT, data)


def changed(order_id: str) -> Envelope:
    data = {"order_id": order_id}
    return Envelope(new_id("msg"), "orders", "order.confirmed", order_id, 2, AT, data)


async def test_watching_an_event_gives_a_snapshot_and_then_updates(
    rig: Rig, world: World, url: str, event_id: str
) -> None:
    async with connected(url) as client:
        snapshot = await client.call("watch", {"event": event_id})
        assert snapshot["sold"] == 0
        assert snapshot["room"] == f"event:{event_id}"
        epoch, _, n = snapshot["seq"].partition(".")
        assert await client.hears("snapshot") == snapshot
        world.sold[event_id] = 7
        await rig.listener.heard([sold(event_id)])
        update = await client.hears("availability.updated")
        assert (update["sold"], update["seq"]) == (7, f"{epoch}.{int(n) + 1}")
        assert update["version"] > snapshot["version"]
        assert update["as_of"].endswith("Z"), "a datetime survives the fan-out"


async def test_availability_goes_out_twice_a_second_at_most_and_the_last_is_told(
    rig: Rig, world: World, url: str, event_id: str
) -> None:
    async with connected(url) as client:
        await client.call("watch", {"event": event_id})
        began = asyncio.get_running_loop().time()
        for n in range(1, 101):
            world.sold[event_id] = n
            await rig.listener.heard([sold(event_id)])
            await asyncio.sleep(0.01)
        await client.hears_of("availability.updated", sold=100)
        passed = asyncio.get_running_loop().time() - began
        assert 2 <= len(client.of("availability.updated")) <= 2 * passed + 2


async def test_an_order_is_watched_with_its_secret_and_by_nobody_else(
    rig: Rig, world: World, url: str, event_id: str, order_id: str
) -> None:
    async with connected(url) as owner, connected(url) as stranger:
        watch = {"order": order_id, "secret": f"secret of {order_id}"}
        assert (await owner.call("watch", watch))["status"] == "pending"
        foreign = await stranger.call("watch", watch | {"secret": "us_guess"})
        absent = await stranger.call("watch", {"order": new_id("ord"), "secret": "us_guess"})
        assert foreign == absent
        assert foreign["error"]["code"] == "not_found"
        await stranger.call("watch", {"event": event_id})
        world.orders[order_id] |= {"status": "confirmed", "version": 2}
        await rig.listener.heard([changed(order_id), sold(event_id)])
        assert (await owner.hears("order.updated"))["status"] == "confirmed"
        await stranger.hears("availability.updated")
        assert stranger.of("order.updated") == []


async def test_nothing_is_read_for_orders_nobody_watches(
    rig: Rig, world: World, redis: Client, order_id: str
) -> None:
    await redis.delete("usher:live:{staff}:watched")
    await rig.listener.heard([changed(order_id)])
    assert world.reads == 0


@pytest.mark.parametrize(
    "asked",
    [
        {},
        None,
        "event",
        ["event"],
        {"event": {"$ne": None}},
        {"event": "evt_1"},
        {"event": "x" * 1000},
        {"event": new_id("evt"), "more": 1},
        {"order": new_id("ord")},
        {"room": "staff"},
    ],
)
async def test_bad_watches_are_refused(url: str, asked: object) -> None:
    async with connected(url) as client:
        assert (await client.call("watch", asked))["error"]["code"] == "invalid"


async def test_events_of_ours_and_of_the_library_sent_by_clients_do_nothing(
    rig: Rig, url: str, event_id: str
) -> None:
    async with connected(url) as watcher, connected(url) as forger:
        await watcher.call("watch", {"event": event_id})
        await forger.call("watch", {"event": event_id})
        fake = {"event_id": event_id, "sold": 666}
        for name in ("availability.updated", "snapshot", "heartbeat", "connect", "disconnect", "enter_room"):
            await forger.client.emit(name, fake, namespace="/live")
        await rig.listener.heard([sold(event_id)])
        assert (await watcher.hears("availability.updated"))["sold"] == 0
        assert (await forger.hears("availability.updated"))["sold"] == 0
        assert "disconnect" not in [name for name, _ in forger.heard]
        assert all(payload.get("sold") != 666 for _, payload in watcher.heard)


async def test_a_flood_of_frames_closes_the_socket(url: str) -> None:
    async with connected(url) as client:
        for n in range(1000):
            await client.client.emit("watch", {"n": n}, namespace="/live")
        await client.hears("disconnect")


async def test_a_large_frame_closes_the_socket(url: str) -> None:
    async with connected(url) as client:
        await client.client.emit("watch", {"event": "x" * 20_000}, namespace="/live")
        await client.hears("disconnect")


async def test_a_socket_watches_a_few_things_only(world: World, url: str) -> None:
    async with connected(url) as client:
        for n in range(21):
            event_id = new_id("evt")
            world.sold[event_id] = n
            answer = await client.call("watch", {"event": event_id})
        assert answer["error"]["code"] == "too_many_rooms"


async def test_watching_many_things_at_once_is_no_way_around(world: World, url: str) -> None:
    events = [new_id("evt") for _ in range(30)]
    world.sold.update(dict.fromkeys(events, 0))
    async with connected(url) as client:
        asked = (client.call("watch", {"event": event}) for event in events)
        answers = await asyncio.gather(*asked)
        assert sum("error" not in answer for answer in answers) == 20
        await client.call("unwatch", {"room": next(a for a in answers if "room" in a)["room"]})
        again = [(await client.call("watch", {"event": new_id("evt")}))["error"]["code"] for _ in range(3)]
        assert again == ["not_found"] * 3, "what is not there takes no room"
        assert "room" in await client.call("watch", {"event": events[-1]})


async def test_unwatching_ends_the_news(rig: Rig, url: str, event_id: str) -> None:
    async with connected(url) as client:
        room = (await client.call("watch", {"event": event_id}))["room"]
        await client.call("unwatch", {"room": room})
        await rig.listener.heard([sold(event_id)])
        await asyncio.sleep(0.3)
        assert client.of("availability.updated") == []


async def test_foreign_pages_are_refused_and_ours_are_not(url: str) -> None:
    for origin in ("https://evil.example", "https://tickets.example.evil.example", "null"):
        with pytest.raises(Refused):
            async with connected(url, origin=origin):
                pass
    for origin in ("https://tickets.example", url):
        async with connected(url, origin=origin):
            pass


async def test_other_namespaces_and_polling_are_refused(url: str) -> None:
    with pytest.raises(Refused):
        async with connected(url, "/"):
            pass
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/socket.io/?EIO=4&transport=polling")).status_code == 400
        assert (await http.get("/health/live")).json() == {"ok": True}


async def test_heartbeats_repeat_the_seq_and_tell_a_new_epoch(rig: Rig, redis: Client, event_id: str) -> None:
    async with rig.serving(heartbeat=0.2) as url, connected(url) as client:
        snapshot = await client.call("watch", {"event": event_id})
        room = snapshot["room"]
        assert (await client.hears("heartbeat"))["seq"] == snapshot["seq"]
        await redis.delete(f"usher:live:{{{room}}}:seq")  # What a flush does to the room.
        seen = len(client.of("heartbeat"))
        beat = await client.hears("heartbeat", seen + 2)
        assert beat["seq"].partition(".")[0] != snapshot["seq"].partition(".")[0]
        assert (await client.call("watch", {"event": event_id}))["seq"] == beat["seq"]


async def test_every_api_process_passes_the_news_on(rig: Rig, world: World, event_id: str) -> None:
    async with rig.serving() as one, rig.serving() as two, connected(one) as first, connected(two) as second:
        await first.call("watch", {"event": event_id})
        await second.call("watch", {"event": event_id})
        world.sold[event_id] = 3
        await rig.listener.heard([sold(event_id)])
        assert await first.hears("availability.updated") == await second.hears("availability.updated")
