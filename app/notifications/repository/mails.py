"""Collection ``mails``: one document per (reason, what it is about, number, address), so that each is sent
once as far as SMTP and phone companies allow. It holds ids and keyed hashes of addresses, never an address
or the text; and what became of it: by which channel, when, after how many tries, and the provider's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.core.ids import derived_id
from app.core.mongo import (
    Database,
    Document,
    DuplicateKeyError,
    IndexModel,
    due,
    ensure_indexes,
    insert_each,
)
from app.notifications.models import Channel, Facts, Mail, Reason, Status, Way

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
                IndexModel([("channel", 1), ("due", 1)], partialFilterExpression={"due": {"$type": "date"}}),
                IndexModel("created_at", expireAfterSeconds=int(KEPT.total_seconds())),
            ],
        )

    async def owe(self, mails: Sequence[Mail]) -> int:
        """Returns how many were not known already. What is known stays as it is."""
        if not mails:
            return 0
        errors = await insert_each(self._mails, [_document(mail) for mail in mails])
        for error in errors:
            if error is not None and not isinstance(error, DuplicateKeyError):
                raise error
        return errors.count(None)

    async def due(self, channel: Channel, limit: int) -> list[Mail]:
        found = self._mails.find(due("due") | {"channel": channel}).sort("due", 1).limit(limit)
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

    async def close(
        self, mail: Mail, status: Status, error: str | None = None, ref: str | None = None
    ) -> bool:
        """For good. False when the lease ran out and somebody else has it. ``ref``: the provider's id."""
        done: Document = {"status": status, "ended_at": self._clock.now(), "last_error": error}
        if ref is not None:
            done["ref"] = ref
        return await self._end(mail, {"$set": done, "$unset": {"due": ""}})

    async def again(self, mail: Mail, at: datetime, error: str, *, unsure: bool) -> bool:
        later: Document = {"status": "owed", "due": at, "last_error": error, "counted": mail.counted}
        if unsure:
            later["unsure"] = True
        return await self._end(mail, {"$set": later})

    async def turn(self, mail: Mail, spare: Way, error: str, *, unsure: bool) -> bool:
        """To the other channel, at once. What failed stays written down."""
        now = self._clock.now()
        failed = {"channel": mail.way.channel, "tries": mail.tries, "error": error, "at": now}
        fresh: Document = {"status": "owed", "due": now, "tries": 0, "counted": False, "last_error": error}
        if unsure:
            fresh["unsure"] = True
        change = {"$set": fresh | _way_document(spare), "$unset": {"spare": ""}, "$push": {"failed": failed}}
        return await self._end(mail, change)

    async def _end(self, mail: Mail, change: Document) -> bool:
        where = {"_id": mail.id, "run": mail.run, "status": "sending"}
        result = await self._mails.update_one(where, change)
        return result.modified_count == 1


def owed(reason: Reason, about: str, n: str, ways: Sequence[Way], facts: Facts, at: datetime) -> Mail:
    """``ways``: the one to be tried first, and one in case it fails."""
    way, spare = ways[0], ways[1] if len(ways) > 1 else None
    return Mail(
        id=derived_id("mail", about, reason, n, way.to),
        reason=reason,
        about=about,
        n=n,
        way=way,
        spare=spare,
        status="owed",
        run=0,
        tries=0,
        unsure=False,
        counted=False,
        created_at=at,
        facts=facts,
    )


def _document(mail: Mail) -> Document:
    document: Document = {
        "_id": mail.id,
        "reason": mail.reason,
        "about": mail.about,
        "n": mail.n,
        **_way_document(mail.way),
        "status": mail.status,
        "run": mail.run,
        "tries": mail.tries,
        "unsure": mail.unsure,
        "counted": mail.counted,
        "created_at": mail.created_at,
        "due": mail.created_at,
        "facts": mail.facts,
    }
    return document | ({"spare": _way_document(mail.spare)} if mail.spare else {})


def _way_document(way: Way) -> Document:
    return {"channel": way.channel, "to": way.to, "caps": list(way.caps)}


def _mail(document: Mapping[str, Any]) -> Mail:
    spare = document.get("spare")
    return Mail(
        id=document["_id"],
        reason=document["reason"],
        about=document["about"],
        n=document["n"],
        way=_way(document),
        spare=_way(spare) if spare else None,
        status=document["status"],
        run=document["run"],
        tries=document["tries"],
        unsure=document["unsure"],
        counted=document["counted"],
        created_at=document["created_at"],
        facts=document["facts"],
    )


def _way(document: Mapping[str, Any]) -> Way:
    return Way(document["channel"], document["to"], tuple(document["caps"]))
