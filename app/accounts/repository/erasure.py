"""Accounts on their way out: fields of the collection ``users``.

``erase_at`` says when a sweeper looks next whether something about the person has turned up meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.accounts.documents import user_of
from app.accounts.models import User
from app.core.messages import Message, outbox
from app.core.mongo import Database, Document, IndexModel, due, ensure_indexes

_PERSONAL = ("google", "google_unproven", "photo", "verification", "reset", "email_verified_at", "scope")


class ErasureRepository:
    def __init__(self, database: Database) -> None:
        self._users = database["users"]
        self._sessions = database["sessions"]

    async def prepare(self) -> None:
        index = IndexModel("erase_at", name="erase", partialFilterExpression={"erase_at": {"$type": "date"}})
        await ensure_indexes(self._users, [index])

    async def begin(self, user: User, at: datetime, change: str, messages: Sequence[Message]) -> User | None:
        """The person is gone with this write; what is left is a name for what must still be done. None when
        the account changed meanwhile."""
        entries = outbox(messages, version=user.version + 1, at=at)
        update: Document = {
            "$set": {
                "email": f"{user.id}@erased.invalid".lower(),
                "name": "",
                "phone": None,
                "password": None,
                "disabled_at": at,
                "erased_at": at,
                "erase_at": at,
                "kept_session": None,
                "last_change": change,
                "erased_mailbox": user.mailbox,
            },
            "$unset": dict.fromkeys(_PERSONAL, ""),
            "$inc": {"version": 1, "generation": 1},
            "$push": {"outbox": {"$each": entries}},
        }
        if user.photo is not None:
            update["$push"]["discarded"] = {"key": user.photo.key, "at": at}
        found = await self._users.find_one_and_update(
            {"_id": user.id, "version": user.version, "erased_at": {"$exists": False}},
            update,
            return_document=True,
        )
        return user_of(found) if found else None

    async def owed(self, now: datetime, again_in: timedelta, limit: int) -> list[User]:
        """Accounts to look at, each put off for ``again_in`` so that one sweeper has it."""
        leased: list[User] = []
        for _ in range(limit):
            change = {"$set": {"erase_at": now + again_in}}
            found = await self._users.find_one_and_update(due("erase_at"), change, return_document=True)
            if found is None:
                break
            leased.append(user_of(found))
        return leased

    async def finish(self, user_id: str) -> bool:
        """Nothing is left. False while a photo or a message still waits to go."""
        await self._sessions.delete_many({"user_id": user_id})
        gone = await self._users.delete_one(
            {
                "_id": user_id,
                "erased_at": {"$exists": True},
                "outbox.id": {"$exists": False},
                "discarded.key": {"$exists": False},
            }
        )
        return gone.deleted_count == 1
