"""Collection ``sessions``: one document per sign-in. MongoDB deletes those whose refresh token is too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.accounts.models import Session
from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, ensure_indexes


class SessionRepository:
    def __init__(self, database: Database) -> None:
        self._sessions = database["sessions"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._sessions,
            [
                IndexModel("expires_at", expireAfterSeconds=0),
                IndexModel("user_id"),
                IndexModel("ended_at", sparse=True),
            ],
        )

    async def insert(self, session: Session) -> Session:
        """With an id that stands already it returns our own earlier success."""
        try:
            await self._sessions.insert_one(_document(session))
        except DuplicateKeyError:
            known = await self.get(session.id)
            if known is None:
                raise
            return known
        return session

    async def get(self, id: str) -> Session | None:
        return _session(await self._sessions.find_one({"_id": id}))

    async def rotate(
        self, session: Session, n: int, *, key_version: int, at: datetime, expires_at: datetime
    ) -> Session | None:
        """From refresh token ``n`` to the next one. None unless ``n`` is the newest of a live session."""
        newest = {"_id": session.id, "n": n, "ended_at": {"$exists": False}, "expires_at": {"$gt": at}}
        change = {"n": n + 1, "key_version": key_version, "rotated_at": at, "expires_at": expires_at}
        return _session(
            await self._sessions.find_one_and_update(newest, {"$set": change}, return_document=True)
        )

    async def end(self, id: str, at: datetime, cause: str) -> None:
        """The first end counts; the later ones change nothing."""
        await self._sessions.update_one(
            {"_id": id, "ended_at": {"$exists": False}}, {"$set": {"ended_at": at, "cause": cause}}
        )

    async def end_all(
        self, user_id: str, at: datetime, cause: str, *, kept: str | None = None, before: int | None = None
    ) -> None:
        """All but ``kept``; those of generations ``before`` this one, where one is given."""
        wanted: Document = {"user_id": user_id, "_id": {"$ne": kept}, "ended_at": {"$exists": False}}
        if before is not None:
            wanted["generation"] = {"$lt": before}
        await self._sessions.update_many(wanted, {"$set": {"ended_at": at, "cause": cause}})

    async def of_user(self, user_id: str) -> list[Session]:
        found = self._sessions.find({"user_id": user_id}).sort("_id", -1)
        return [session async for document in found if (session := _session(document))]

    async def ended_since(self, at: datetime) -> dict[str, datetime]:
        found = self._sessions.find({"ended_at": {"$gte": at}}, {"ended_at": 1})
        return {document["_id"]: document["ended_at"] async for document in found}


def _document(session: Session) -> Document:
    document = asdict(session)
    document["_id"] = document.pop("id")
    if session.ended_at is None:
        del document["ended_at"]
    return document


def _session(document: Mapping[str, Any] | None) -> Session | None:
    if document is None:
        return None
    return Session(
        id=document["_id"],
        user_id=document["user_id"],
        generation=document["generation"],
        n=document["n"],
        key_version=document["key_version"],
        created_at=document["created_at"],
        rotated_at=document["rotated_at"],
        expires_at=document["expires_at"],
        ended_at=document.get("ended_at"),
    )
