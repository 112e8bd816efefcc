"""Messages: told to the bus, and worked on by everybody who owes work on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from app.check.books import Books
from app.check.finding import Finding
from app.core.mongo import Database

OWED_SECONDS = 15 * 60.0
GUARDS = (("orders", "event_id", ("claims", "limits")),)


async def work_gets_done(database: Database, books: Books) -> AsyncIterator[Finding]:
    late: dict[str, Any] = {"at": {"$lt": books.now - timedelta(seconds=OWED_SECONDS)}}
    async for message in database["messages"].find({**late, "owed": {"$gt": ""}}).limit(1000):
        yield Finding("message_owed", message["_id"], f"{message['type']} is owed by {message['owed']}")


async def nothing_is_parked(database: Database, books: Books) -> AsyncIterator[Finding]:
    async for message in database["messages"].find({"parked": {"$gt": ""}}).limit(1000):
        detail = f"{message['type']} was given up by {message['parked']}"
        yield Finding("message_parked", message["_id"], detail, grave=False)


async def deliveries_get_handled(database: Database, books: Books) -> AsyncIterator[Finding]:
    """A webhook we acknowledged: handled, ignored, or waiting for a person."""
    before = books.now - timedelta(seconds=OWED_SECONDS)
    query = {"status": "received", "received_at": {"$lt": before}}
    async for delivery in database["deliveries"].find(query, {"body": 0}).limit(1000):
        yield Finding("delivery_unhandled", delivery["_id"], f"{delivery['type']} since 15 minutes")


async def the_guards_stand(database: Database, books: Books) -> AsyncIterator[Finding]:
    """Without its unique index nothing decides who owns a unit, or a number."""
    for collection, shard_key, names in GUARDS:
        indexes = await database[collection].index_information()
        unique = [i for i in indexes.values() if i.get("unique") and (shard_key, 1) in i["key"]]
        for name in names:
            if indexes and not any((name, 1) in index["key"] for index in unique):
                detail = f"no unique index of {collection} on ({shard_key}, {name})"
                yield Finding("guard_missing", name, detail, grave=False)
