"""The official JavaScript client, installed from the registry into a directory of the test."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.accounts.house import House
from tests.realtime.rig import Rig, World
from tests.realtime.test_live import changed, sold

pytestmark = pytest.mark.process
SCRIPT = Path(__file__).with_name("watch.mjs")
INSTALL_SECONDS = 120


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("node and npm are not installed")
    directory = tmp_path_factory.mktemp("javascript")
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "socket.io-client@4"]
    try:
        subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot install socket.io-client: {type(error).__name__}")
    shutil.copy(SCRIPT, directory)
    return directory


class Page:
    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines

    async def hears(self, event: str, *, seconds: float = 60.0) -> Any:
        async with asyncio.timeout(seconds):
            while line := await self._lines.readline():
                said = json.loads(line)
                if said["event"] == event:
                    return said.get("payload")
        raise AssertionError(f"the client ended without {event}")


@asynccontextmanager
async def page(
    package: Path, url: str, namespace: str, watch: dict[str, str], auth: dict[str, str] | None = None
) -> AsyncIterator[Page]:
    process = await asyncio.create_subprocess_exec(
        "node", "watch.mjs", url, namespace, json.dumps(auth or {}), json.dumps(watch),
        cwd=package, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Page(process.stdout)
    finally:
        process.kill()
        await process.wait()


async def test_a_page_watches_an_event_and_its_order(
    package: Path, rig: Rig, world: World, url: str, event_id: str, order_id: str
) -> None:
    async with page(package, url, "/live", {"event": event_id}) as crowd:
        snapshot = await crowd.hears("watched")
        assert snapshot["sold"] == 0
        world.sold[event_id] = 5
        await rig.listener.heard([sold(event_id)])
        update = await crowd.hears("availability.updated")
        assert update["sold"] == 5
        assert int(update["seq"].split(".")[1]) == int(snapshot["seq"].split(".")[1]) + 1
    watch = {"order": order_id, "secret": f"secret of {order_id}"}
    async with page(package, url, "/live", watch) as buyer:
        assert (await buyer.hears("watched"))["status"] == "pending"
        world.orders[order_id] |= {"status": "confirmed", "version": 2}
        await rig.listener.heard([changed(order_id)])
        assert (await buyer.hears("order.updated"))["status"] == "confirmed"


async def test_a_dashboard_needs_staff(
    package: Path, rig: Rig, house: House, url: str, order_id: str
) -> None:
    async with page(package, url, "/admin", {}, {"token": "forged"}) as stranger:
        assert (await stranger.hears("refused"))["code"] == "invalid_token"
    admin = await house.admin()
    async with page(package, url, "/admin", {}, {"token": admin.tokens["access_token"]}) as dashboard:
        assert (await dashboard.hears("watched"))["room"] == "staff"
        await rig.listener.heard([changed(order_id)])
        assert (await dashboard.hears("order.updated"))["id"] == order_id
