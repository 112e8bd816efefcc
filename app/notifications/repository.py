"""Collection ``mails``: one document per (reason, what it is about, number, mailbox), so that each is sent
once as far as SMTP allows. It holds ids and a hash of the address, never the address or the text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.core.ids import derived_id
from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, due, ensure_indexes
from app.notifications.models import Facts, Mail, Reason, Status

KEPT = timedelta(days=30)
"""Longer than messages are handed out again, else a late repetition would be sent twice."""


class Mails:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._mails = database["mails"]
        self._clock = clock

    async def prepare(self) -> None:
        await ensure_indexes(
            self._mails,
            [
                IndexModel("due", partialFilterExpression={"due": {"$type": "date"}}),
                IndexModel("created_at", expireAfterSeconds=int(KEPT.total_seconds())),
                IndexModel([("to", 1), ("reason", 1), ("created_at", 1)]),
            ],
        )

    async def owe(self, reason: Reason, about: str, n: str, to: str, facts: Facts) -> bool:
        """False when it is known already, whatever became of it."""
        now = self._clock.now()
        document: Document = {
            "_id": mail_id(reason, about, n, to),
            "reason": reason,
            "about": about,
            "n": n,
            "to": to,
            "status": "owed",
            "run": 0,
            "tries": 0,
            "unsure": False,
            "created_at": now,
            "due": now,
            "facts": facts,
        }
        try:
            await self._mails.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def owed_since(self, at: datetime, reason: Reason, to: str, limit: int) -> int:
        """How many to this mailbox, whatever became of them; counted as far as ``limit``."""
        where = {"to": to, "reason": reason, "created_at": {"$gte": at}}
        return await self._mails.count_documents(where, limit=limit)

    async def due(self, limit: int) -> list[Mail]:
        found = self._mails.find(due("due")).sort("due", 1).limit(limit)
        return [_mail(document) async for document in found]

    async def begin(self, mail: Mail, lease: timedelta) -> Mail | None:
        """Ours to send until the lease ends. None when somebody else has it or it is done.

        Found in the middle of being sent, it may have arrived: that is written down and stays.
        """
        now = self._clock.now()
        change: Document = {
            "$set": {"status": "sending", "due": now + lease, "began_at": now},
            "$inc": {"run": 1, "tries": 1},
        }
        if mail.status == "sending":
            change["$set"]["unsure"] = True
        where = {"_id": mail.id, "run": mail.run, "status": mail.status}
        found = await self._mails.find_one_and_update(where, change, return_document=True)
        return _mail(found) if found else None

    async def close(self, mail: Mail, status: Status, error: str | None = None) -> bool:
        """For good. False when the lease ran out and somebody else has it."""
        done = {"status": status, "ended_at": self._clock.now(), "last_error": error}
        return await self._end(mail, {"$set": done, "$unset": {"due": ""}})

    async def again(self, mail: Mail, at: datetime, error: str, *, unsure: bool) -> bool:
        later: Document = {"status": "owed", "due": at, "last_error": error}
        if unsure:
            later["unsure"] = True
        return await self._end(mail, {"$set": later})

    async def _end(self, mail: Mail, change: Document) -> bool:
        where = {"_id": mail.id, "run": mail.run, "status": "sending"}
        result = await self._mails.update_one(where, change)
        return result.modified_count == 1


def mail_id(reason: Reason, about: str, n: str, to: str) -> str:
    return derived_id("mail", about, reason, n, to)


def _mail(document: Mapping[str, Any]) -> Mail:
    return Mail(
        id=document["_id"],
        reason=document["reason"],
        about=document["about"],
        n=document["n"],
        to=document["to"],
        status=document["status"],
        run=document["run"],
        tries=document["tries"],
        unsure=document["unsure"],
        created_at=document["created_at"],
        facts=document["facts"],
    )
