"""Collection ``password_requests``: somebody says that they forgot the password of an address.

Writing one down is all the API does, whoever asks; a worker finds out whether an account has the address.
The address is sealed, and the document goes as soon as it was looked at.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.accounts import messages
from app.core.messages import outbox
from app.core.mongo import Database, DuplicateKeyError, IndexModel, ensure_indexes

KEPT = timedelta(days=1)


class PasswordRequestRepository:
    def __init__(self, database: Database) -> None:
        self._requests = database["password_requests"]

    async def prepare(self) -> None:
        await ensure_indexes(self._requests, [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))])

    async def insert(self, id: str, sealed_email: str, at: datetime) -> None:
        """Once per id, however often it is called."""
        entries = outbox([messages.password_forgotten(id)], version=1, at=at)
        document = {"_id": id, "sealed_email": sealed_email, "version": 1, "at": at, "outbox": entries}
        try:
            await self._requests.insert_one(document)
        except DuplicateKeyError:
            return  # Our own earlier success.

    async def sealed_email(self, id: str) -> str | None:
        found = await self._requests.find_one({"_id": id}, {"sealed_email": 1})
        return found["sealed_email"] if found else None

    async def delete(self, id: str) -> None:
        await self._requests.delete_one({"_id": id})
