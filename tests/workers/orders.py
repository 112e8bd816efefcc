"""Documents with something to say, as a domain would write them."""

from __future__ import annotations

from datetime import UTC, datetime

from app.core.ids import new_id
from app.core.messages import Message, outbox
from app.core.mongo import Database


async def says(database: Database, stream: str, n: int = 1, *, messages: int = 1) -> list[str]:
    """Inserts ``n`` orders; returns the ids of their messages in the order of pushing."""
    said: list[str] = []
    for _ in range(n):
        order = new_id("ord")
        told = [Message(stream, "order.pending", order, {"order_id": order}) for _ in range(messages)]
        entries = outbox(told, version=1, at=datetime.now(UTC))
        await database["orders"].insert_one({"_id": order, "version": 1, "outbox": entries})
        said += [entry["id"] for entry in entries]
    return said


async def unsaid(database: Database) -> int:
    return await database["orders"].count_documents({"outbox.id": {"$gt": ""}})
