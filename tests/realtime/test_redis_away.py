"""Redis killed under the sockets: HTTP goes on, sockets stay, and the news comes back by itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import httpx
import pytest

from app.core.redis import connect
from app.realtime.fanout import CHANNEL
from tests.accounts.house import House
from tests.realtime.rig import Rig, World, connected
from tests.realtime.test_live import sold
from tests.servers import Servers, running_servers

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
async def own_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    async with running_servers(tmp_path_factory.mktemp("live")) as servers:
        yield servers


@pytest.fixture
async def own_rig(own_servers: Servers, world: World, house: House) -> AsyncIterator[Rig]:
    redis = connect(own_servers.redis.url)
    rig = Rig(world, house, redis, own_servers.redis.url)
    yield rig
    await rig.aclose()
    await redis.aclose()


async def test_redis_killed_and_back(own_rig: Rig, own_servers: Servers, world: World, event_id: str) -> None:
    async with own_rig.serving(heartbeat=0.2) as url, connected(url) as client:
        before = await client.call("watch", {"event": event_id})
        await own_servers.redis.child.kill()
        async with httpx.AsyncClient(base_url=url) as http:
            assert (await http.get("/health/live")).status_code == 200
        away = await client.call("watch", {"event": event_id})
        assert (away["sold"], away["seq"]) == (0, None)
        async with connected(url) as newcomer:
            assert (await newcomer.call("watch", {"event": event_id}))["seq"] is None

        await own_servers.redis.child.start()
        async with asyncio.timeout(60):
            while (beat := (await client.hears("heartbeat", len(client.of("heartbeat")) + 1)))["seq"] is None:
                pass
        assert beat["seq"].partition(".")[0] != before["seq"].partition(".")[0]
        assert client.of("disconnect") == []
        async with asyncio.timeout(60):  # Until every process listens again.
            while not dict(await own_rig.redis.pubsub_numsub(CHANNEL))[CHANNEL]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        world.sold[event_id] = 9
        await own_rig.listener.heard([sold(event_id)])
        assert (await client.hears("availability.updated"))["sold"] == 9


async def test_redis_paused(own_rig: Rig, own_servers: Servers, world: World, event_id: str) -> None:
    async with own_rig.serving() as url, connected(url) as client:
        await client.call("watch", {"event": event_id})
        own_servers.redis.child.send(signal.SIGSTOP)
        try:
            async with httpx.AsyncClient(base_url=url) as http:
                assert (await http.get("/health/live", timeout=30)).status_code == 200
        finally:
            own_servers.redis.child.send(signal.SIGCONT)
        world.sold[event_id] = 4
        await own_rig.listener.heard([sold(event_id)])
        assert (await client.hears("availability.updated"))["sold"] == 4
