"""How many payments ended in which way."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.mongo import Database


@dataclass(frozen=True)
class Ends:
    captured: int
    tickets: int
    refunded: int
    unpaid: int
    late: int
    """Captured by the provider after it had been told to close."""


async def ends(database: Database) -> Ends:
    payments = database["payments"]
    late = {"status": "captured", "history": {"$elemMatch": {"to": "captured", "from": "closed"}}}
    return Ends(
        captured=await payments.count_documents({"status": "captured"}),
        tickets=await payments.count_documents({"disposition": "tickets"}),
        refunded=await payments.count_documents({"disposition": "refunded"}),
        unpaid=await payments.count_documents({"status": "closed"}),
        late=await payments.count_documents(late),
    )
