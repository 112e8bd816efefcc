"""``usher serve`` with stand-in programs: what it starts, writes down, repairs and takes away again."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from app.core.mongo import MongoConnection
from tests.embedded.standin import COMMAND
from tests.serving import Serving, eventually, serving

pytestmark = pytest.mark.process

PATIENCE = 120.0
ENOUGH = 50
"""Requests that were under way while processes came and went."""


@pytest.fixture(scope="module")
def usher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    directory = tmp_path_factory.mktemp("serve") / "data"
    with serving(directory, "--api-processes", "2", "--demo", command=COMMAND) as running:
        yield running


async def rows(url: str, collection: str) -> list[dict[str, Any]]:
    connection = MongoConnection(url, "standin")
    try:
        return await connection.database[collection].find().to_list()
    finally:
        await connection.close()


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_run_file_names_everything(usher: Serving) -> None:
    run = usher.run
    assert stat.S_IMODE((usher.data_dir / "run.json").stat().st_mode) == 0o600
    assert len(run["api"]["pids"]) == 2
    assert len(run["worker"]["pids"]) == 1
    pids = [*run["api"]["pids"], *run["worker"]["pids"], run["mongod"]["pid"], run["redis"]["pid"]]
    assert len(set(pids)) == 5
    assert all(alive(pid) for pid in pids)
    assert run["admin"]["email"] == "admin@example.com"
    assert await rows(run["mongod"]["url"], "admins") == [
        {"_id": "admin@example.com", "password": run["admin"]["password"]}
    ]
    assert len(await rows(run["mongod"]["url"], "seeds")) == 1
    assert usher.output.count(run["admin"]["password"]) == 1


def test_servers_listen_on_loopback_only(usher: Serving) -> None:
    listening = {
        connection.laddr.ip
        for process in usher.family
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_children_are_told_where_they_are(usher: Serving) -> None:
    assert get(f"{usher.url}/USHER_PUBLIC_URL").text == usher.url
    assert get(f"{usher.url}/USHER_MONGODB_URL").text == usher.run["mongod"]["url"]
    keys = get(f"{usher.url}/USHER_SECRET_KEYS").text
    assert keys.startswith("1:")
    assert len(keys) > 40
    assert stat.S_IMODE((usher.data_dir / "secrets.json").stat().st_mode) == 0o600


def test_killed_api_process_loses_no_connection_and_comes_back(usher: Serving) -> None:
    before = usher.run["api"]["pids"]
    os.kill(before[0], signal.SIGKILL)
    # New connections wait in the queue both processes share, so none is refused meanwhile.
    answered = {int(get(f"{usher.url}/").text) for _ in range(20)}
    assert before[0] not in answered
    eventually(lambda: usher.run["api"]["pids"] != before)
    assert usher.run["api"]["pids"][1] == before[1]
    assert alive(usher.run["api"]["pids"][0])


@pytest.mark.parametrize("headers", [{}, {"connection": "close"}], ids=["kept", "fresh"])
def test_api_processes_restarted_in_turn_fail_no_request(usher: Serving, headers: dict[str, str]) -> None:
    """What a deployment does: each process drains and comes back while requests keep coming."""
    stopping = threading.Event()
    statuses: list[int | str] = []

    def ask() -> None:
        with httpx.Client(headers=headers, timeout=PATIENCE) as client:
            while not stopping.is_set():
                try:
                    statuses.append(client.get(f"{usher.url}/").status_code)
                except httpx.HTTPError as error:
                    statuses.append(repr(error))

    buyers = [threading.Thread(target=ask) for _ in range(2)]
    for buyer in buyers:
        buyer.start()
    for n in range(2):
        before = usher.run["api"]["pids"]
        os.kill(before[n], signal.SIGTERM)
        eventually(lambda before=before, n=n: usher.run["api"]["pids"][n] != before[n])  # type: ignore[misc]
    eventually(lambda: len(statuses) > ENOUGH)
    stopping.set()
    for buyer in buyers:
        buyer.join()
    assert set(statuses) == {200}


@pytest.mark.parametrize("name", ["mongod", "redis"])
async def test_killed_server_comes_back_on_its_port(usher: Serving, name: str) -> None:
    before = usher.run[name]
    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: usher.run[name]["pid"] != before["pid"])
    assert usher.run[name]["url"] == before["url"]
    assert len(await rows(usher.run["mongod"]["url"], "admins")) == 1


def test_killed_worker_comes_back(usher: Serving) -> None:
    before = usher.run["worker"]["pids"]
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: usher.run["worker"]["pids"] != before and alive(usher.run["worker"]["pids"][0]))


def test_second_serve_in_the_same_directory_is_refused(usher: Serving) -> None:
    command = [*COMMAND, "--data-dir", str(usher.data_dir)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert second.returncode == 1
    assert f"process {usher.process.pid}" in second.stderr
    assert "--data-dir" in second.stderr
    assert usher.run["api"]["url"] == usher.url


def test_taken_port_is_named(usher: Serving, tmp_path: Path) -> None:
    port = usher.url.rpartition(":")[2]
    command = [*COMMAND, "--data-dir", str(tmp_path), "--port", port]
    second = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert second.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in second.stderr


def test_api_that_cannot_start_ends_serve(tmp_path: Path) -> None:
    command = [*COMMAND, "--data-dir", str(tmp_path), "--broken-api"]
    failed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert failed.returncode == 1
    assert "api-1 ended with code 2" in failed.stderr
    assert not (tmp_path / "run.json").exists()


async def test_servers_of_others_are_used_and_left_alone(
    tmp_path: Path, mongo_url: str, redis_url: str
) -> None:
    environment = {"USHER_MONGODB_URL": mongo_url, "USHER_REDIS_URL": redis_url}
    with serving(tmp_path / "data", command=COMMAND, environment=environment) as usher:
        assert usher.run["mongod"] == {"url": mongo_url, "pid": None}
        assert usher.run["redis"] == {"url": redis_url, "pid": None}
    assert len(await rows(mongo_url, "finished")) == 1


async def test_stop_drains_in_order_and_the_next_start_finds_everything(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with serving(directory, command=COMMAND) as usher:
        first, family, answers = usher.run, usher.family, list[httpx.Response]()
        slow = threading.Thread(target=lambda: answers.append(get(f"{usher.url}/slow")))
        slow.start()
        eventually(lambda: len(psutil.Process(first["api"]["pids"][0]).net_connections()) > 1)
        assert usher.stop() == 0
        slow.join()
        assert answers[0].status_code == 200
        assert not any(process.is_running() for process in family)
        assert not (directory / "run.json").exists()
    with serving(directory, command=COMMAND) as usher:
        assert usher.run["admin"] == first["admin"]
        assert usher.run["mongod"]["url"] == first["mongod"]["url"]
        assert len(await rows(usher.run["mongod"]["url"], "finished")) == 1


async def test_killed_supervisor_leaves_no_orphans_and_loses_no_data(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with serving(directory, "--api-processes", "2", command=COMMAND) as usher:
        first, family = usher.run, usher.family
        assert len(family) == 6
        usher.kill()
        eventually(lambda: not any(alive(process.pid) for process in family))
    with serving(directory, command=COMMAND) as usher:
        assert usher.run["admin"] == first["admin"]
        assert len(await rows(usher.run["mongod"]["url"], "admins")) == 1


def test_two_interrupts_stop_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data", command=COMMAND) as usher:
        family = usher.family
        os.kill(usher.run["worker"]["pids"][0], signal.SIGSTOP)
        usher.process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            usher.process.wait(2)
        usher.process.send_signal(signal.SIGINT)
        assert usher.process.wait(10) == 0, "before the worker had its time"
        assert not any(alive(process.pid) for process in family)
