"""The embedded mongod on its own: data, port and replica set over restarts; refusals that help."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import pytest

from app.core.mongo import Database, MongoConnection
from app.embedded.child import StartError
from app.embedded.locks import wait_until_unlocked
from app.embedded.mongod import Mongod, mongod
from tests.servers import Servers

pytestmark = pytest.mark.process


async def write_and_count(server: Mongod) -> int:
    connection = MongoConnection(server.url, "kept")
    try:
        await connection.database["things"].insert_one({})
        return await connection.database["things"].count_documents({})
    finally:
        await connection.close()


async def test_data_and_port_survive_a_kill(tmp_path: Path) -> None:
    first = mongod(tmp_path)
    await first.child.start()
    assert await write_and_count(first) == 1
    await first.child.kill()
    second = mongod(tmp_path)
    await second.child.start()
    try:
        assert second.url == first.url
        assert await write_and_count(second) == 2
    finally:
        await second.child.stop()


async def test_replica_set_moves_when_its_port_was_taken(tmp_path: Path) -> None:
    first = mongod(tmp_path)
    await first.child.start()
    await write_and_count(first)
    await first.child.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        second = mongod(tmp_path)
    assert second.port != first.port
    await second.child.start()
    try:
        assert await write_and_count(second) == 2
    finally:
        await second.child.kill()


async def test_directory_in_use_is_named(servers: Servers) -> None:
    process = str(servers.mongod.child.pid)
    files = Path(await database_path(servers.mongod))
    with pytest.raises(StartError, match=rf"process {process}\b.*stop it first"):
        wait_until_unlocked(files / "mongod.lock", patience=0.2)


async def database_path(server: Mongod) -> str:
    connection = MongoConnection(server.url, "admin")
    try:
        options = await connection.database.command("getCmdLineOpts")
    finally:
        await connection.close()
    return str(options["parsed"]["storage"]["dbPath"])


def test_lock_left_behind_by_a_crash_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "mongod.lock").write_text("4711\n")
    wait_until_unlocked(tmp_path / "mongod.lock", patience=0)


@pytest.mark.parametrize(
    ("library", "package"),
    [("libcurl.so.4", "libcurl4"), ("libssl.so.3", "libssl3"), ("libcrypto.so.3", "libssl3")],
)
async def test_missing_library_names_the_package(tmp_path: Path, library: str, package: str) -> None:
    program = tmp_path / "mongod"
    complaint = f"mongod: error while loading shared libraries: {library}: cannot open shared object file"
    program.write_text(f"#!/bin/sh\necho '{complaint}' >&2\nexit 127\n")
    program.chmod(0o700)
    server = mongod(tmp_path / "data", binary=program)
    with pytest.raises(StartError, match=rf"{library} is missing.*apt-get install {package}\b"):
        await server.child.start()


@pytest.mark.skipif(sys.platform != "linux", reason="the loader's words are Linux's")
async def test_a_real_loader_complains_the_way_we_read_it(tmp_path: Path) -> None:
    """A copied program whose library is renamed inside: the message comes from the system's own loader."""
    real = Path(mongod(tmp_path / "real").child.command[0])
    broken = tmp_path / "mongod"
    shutil.copy(real, broken)
    content = broken.read_bytes()
    assert content.count(b"\0libcurl.so.4\0") == 1
    broken.write_bytes(content.replace(b"\0libcurl.so.4\0", b"\0libgone.so.4\0"))
    with pytest.raises(StartError, match=r"libgone\.so\.4 is missing; install the package that contains it"):
        await mongod(tmp_path / "data", binary=broken).child.start()


async def test_each_test_gets_a_database_of_its_own(database: Database) -> None:
    await database["things"].insert_one({})
    assert database.name.startswith("test_")
    assert await database["things"].count_documents({}) == 1
