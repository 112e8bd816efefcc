"""The smallest programs ``usher serve`` can run, and a ``serve`` that runs them.

They prove the supervision alone: no failure of the real API or worker can hide or cause one here.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app.core.mongo import MongoConnection
from app.settings import Settings
from app.supervisor.api import run as run_api
from app.supervisor.command import serve as run_serve
from app.supervisor.programs import Programs
from app.supervisor.serve import Plan

cli = typer.Typer()
_SELF = (sys.executable, "-m", "tests.embedded.standin")
COMMAND = (*_SELF, "serve")


@cli.command()
def serve(
    data_dir: Annotated[Path, typer.Option()],
    port: int = 0,
    api_processes: int = 1,
    broken_api: bool = False,
    demo: bool = False,
) -> None:
    api = (*_SELF, "no-such-command") if broken_api else (*_SELF, "api")
    programs = Programs(api=api, worker=(*_SELF, "worker"), admin=(*_SELF, "admin"), seed=(*_SELF, "seed"))
    plan = Plan(data_dir=data_dir, port=port, api_processes=api_processes, demo=demo)
    raise typer.Exit(run_serve(plan, programs))


@cli.command()
def api(fd: Annotated[int, typer.Option()]) -> None:
    run_api("tests.embedded.standin:create_app", host="", port=0, fd=fd)


def create_app() -> Any:
    """Every answer names the process that gave it; ``/slow`` takes a second."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        body = os.environ.get(scope["path"][1:], str(os.getpid()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body.encode()})

    return application


@cli.command()
def worker() -> None:
    """Asked to stop, it takes a moment and then writes to MongoDB, which must still be there."""
    asyncio.run(_work())


async def _work() -> None:
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await asked.wait()
    await asyncio.sleep(0.3)
    await _insert("finished", {"at": datetime.now(UTC)})


@cli.command()
def seed() -> None:
    asyncio.run(_insert("seeds", {}))


@cli.command()
def admin(email: str) -> None:
    password = sys.stdin.read()
    if asyncio.run(_insert("admins", {"_id": email, "password": password})):
        typer.echo("created")


async def _insert(collection: str, document: dict[str, Any]) -> bool:
    """False if it is there already."""
    connection = MongoConnection(Settings().mongo.mongodb_url, "standin")
    try:
        where = {"_id": document["_id"]} if "_id" in document else document
        result = await connection.database[collection].update_one(
            where, {"$setOnInsert": document}, upsert=True
        )
    finally:
        await connection.close()
    return result.upserted_id is not None


if __name__ == "__main__":
    cli()
