"""Whom an account belongs to at Google: fields of the collection ``users``."""

from __future__ import annotations

from datetime import datetime

from app.accounts.documents import user_of
from app.accounts.models import User
from app.core.mongo import Database, Document


class IdentityRepository:
    """Its index is made with the others of ``users``."""

    def __init__(self, database: Database) -> None:
        self._users = database["users"]

    async def by_google(self, subject: str) -> User | None:
        found = await self._users.find_one({"google": subject})
        return user_of(found) if found else None

    async def link(self, user: User, subject: str, at: datetime, change: str) -> User | None:
        """None when the account changed meanwhile.

        Whoever signed up with the address may be somebody else, also where its owner has since verified it
        by the link that was mailed: unless the password came by mail, it ends with this write, and so do
        sessions and mailed links.
        """
        update: Document = {
            "$set": {"google": subject, "last_change": change},
            "$inc": {"version": 1},
        }
        if not user.password_proven:
            verified_at = user.email_verified_at or at
            update["$set"] |= {"email_verified_at": verified_at, "password": None, "kept_session": None}
            update["$set"]["sessions_ended_at"] = at
            update["$inc"] |= {"generation": 1}
            update["$unset"] = {"verification.expires_at": "", "reset.expires_at": ""}
        found = await self._users.find_one_and_update(
            {"_id": user.id, "version": user.version, "google": {"$exists": False}},
            update,
            return_document=True,
        )
        return user_of(found) if found else None
