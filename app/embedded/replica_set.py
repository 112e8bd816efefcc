"""Makes a lone mongod the primary of its own replica set, on the first start and on every other."""

from __future__ import annotations

import asyncio
from typing import Any

from app.core.mongo import Database, MongoConnection, PyMongoError
from app.embedded.ports import LOOPBACK

NAME = "rs0"
_NOT_YET_INITIALIZED = 94


async def is_primary(port: int) -> bool:
    """Looks, does the next step if one is owed, and says whether writes are possible now."""
    host = f"{LOOPBACK}:{port}"
    if not await _listens(port):
        return False
    connection = MongoConnection(f"mongodb://{host}/?directConnection=true", "admin", timeout_ms=2000)
    try:
        return await _step(connection.database, host)
    except PyMongoError:  # Still starting, or an election is under way; the caller asks again.
        return False
    finally:
        await connection.close()


async def _step(admin: Database, host: str) -> bool:
    config = await _config(admin)
    if config is None:
        members = [{"_id": 0, "host": host}]
        await admin.command("replSetInitiate", {"_id": NAME, "members": members})
        return False
    member = config["members"][0]
    if member["host"] != host:  # The port was taken, so the only member has moved.
        member["host"] = host
        config["version"] += 1
        await admin.command("replSetReconfig", config, force=True)
        return False
    return bool((await admin.command("hello")).get("isWritablePrimary"))


async def _config(admin: Database) -> dict[str, Any] | None:
    try:
        answer = await admin.command("replSetGetConfig")
    except PyMongoError as error:
        if getattr(error, "code", None) == _NOT_YET_INITIALIZED:
            return None
        raise
    config: dict[str, Any] = answer["config"]
    return config


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True
