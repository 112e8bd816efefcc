"""Collection ``users``. Every change of an account is one update, which also remembers the request that
asked for it (``last_change``), so that a repeated request finds its own success."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from app.accounts.documents import document_of, link_document, user_of
from app.accounts.errors import EmailTaken
from app.accounts.models import Link, Role, Standing, User
from app.accounts.scopes import plain_scope
from app.core.messages import Message, outbox
from app.core.mongo import Database, Document, DuplicateKeyError, IndexModel, ensure_indexes
from app.core.pagination import PageRequest

_ENDS_SESSIONS: Document = {"generation": 1}


class UserRepository:
    def __init__(self, database: Database) -> None:
        self._users = database["users"]

    async def prepare(self) -> None:
        await ensure_indexes(
            self._users,
            [
                IndexModel("email", unique=True),
                IndexModel("google", unique=True, partialFilterExpression={"google": {"$gt": ""}}),
                IndexModel([("role", 1), ("_id", 1)]),
                IndexModel("disabled_at", sparse=True),
                IndexModel("sessions_ended_at", sparse=True),
            ],
        )

    async def insert(self, user: User, messages: Sequence[Message] = ()) -> User:
        """Returns the account as it is; with an id that stands already, our own earlier success."""
        document = document_of(user)
        if messages:
            document["outbox"] = outbox(messages, version=user.version, at=user.created_at)
        try:
            await self._users.insert_one(document)
        except DuplicateKeyError as error:
            known = await self.get(user.id)
            if known is None:
                raise EmailTaken from error
            return known
        return user

    async def get(self, id: str) -> User | None:
        return _user(await self._users.find_one({"_id": id}))

    async def by_email(self, email: str) -> User | None:
        """``email`` in its one spelling."""
        return _user(await self._users.find_one({"email": email}))

    async def page(self, page: PageRequest, role: Role | None, disabled: bool | None) -> list[User]:
        wanted: Document = {"_id": {"$gt": page.after}}
        if role is not None:
            wanted["role"] = role
        if disabled is not None:
            wanted["disabled_at"] = {"$exists": disabled}
        found = await self._users.find(wanted).sort("_id", 1).limit(page.limit).to_list(page.limit)
        return [user_of(document) for document in found]

    async def set_profile(self, id: str, changes: Mapping[str, str | None], change: str) -> User | None:
        return await self._change({"_id": id}, {"$set": {**changes, "last_change": change}})

    async def set_password(
        self,
        user: User,
        password: str,
        kept_session: str | None,
        change: str,
        at: datetime,
        messages: Sequence[Message] = (),
    ) -> User | None:
        """Ends all sessions but one, and a reset under way. None when the account changed meanwhile."""
        new = {
            "password": password,
            "kept_session": kept_session,
            "sessions_ended_at": at,
            "last_change": change,
        }
        return await self._move(
            user,
            {"$set": new, "$unset": {"reset.expires_at": ""}, "$inc": _ENDS_SESSIONS},
            at=at,
            messages=messages,
            where={"password": user.password},
        )

    async def open_link(
        self,
        user: User,
        kind: Literal["verification", "reset"],
        link: Link,
        at: datetime,
        messages: Sequence[Message] = (),
    ) -> User | None:
        """Revokes the one before it. None when the account changed meanwhile."""
        return await self._move(user, {"$set": {kind: link_document(link)}}, at=at, messages=messages)

    async def verify_email(self, user: User, at: datetime, change: str) -> User | None:
        """Closes the link in the same write. None when the account changed meanwhile."""
        update = {
            "$set": {"email_verified_at": at, "last_change": change},
            "$unset": {"verification.expires_at": ""},
        }
        return await self._move(user, update, at=at)

    async def reset_password(
        self, user: User, password: str, at: datetime, change: str, messages: Sequence[Message]
    ) -> User | None:
        """Closes the link and ends all sessions. Who had the link reads mail at the account's address; a
        Google account that never showed as much is let in no more."""
        new = {
            "password": password,
            "kept_session": None,
            "sessions_ended_at": at,
            "last_change": change,
            "email_verified_at": user.email_verified_at or at,
            "password_proven": True,
        }
        update: Document = {
            "$set": new,
            "$unset": {"reset.expires_at": "", "verification.expires_at": ""},
            "$inc": _ENDS_SESSIONS,
        }
        if user.google_unproven:
            update["$unset"] |= {"google": "", "google_unproven": ""}
        return await self._move(user, update, at=at, messages=messages)

    async def rehash(self, user: User, password: str) -> None:
        """The same password under newer parameters: nothing a person would call a change."""
        await self._users.update_one(
            {"_id": user.id, "password": user.password}, {"$set": {"password": password}}
        )

    async def administer(
        self, user: User, standing: Standing, change: str, at: datetime, messages: Sequence[Message]
    ) -> User | None:
        """None when the account changed since it was read. Disabling ends all sessions."""
        values: Document = {"role": standing.role, "last_change": change}
        update: Document = {"$set": values, "$unset": {}}
        if standing.disabled:
            values["disabled_at"] = user.disabled_at or at
        else:
            update["$unset"]["disabled_at"] = ""
        if standing.scope is not None:
            values["scope"] = plain_scope(standing.scope)
        else:
            update["$unset"]["scope"] = ""
        if standing.disabled and not user.disabled:
            values |= {"kept_session": None, "sessions_ended_at": at}
            update["$inc"] = dict(_ENDS_SESSIONS)
        return await self._move(user, _without_empty(update), at=at, messages=messages)

    async def end_sessions(self, id: str, at: datetime) -> User | None:
        """All of them; a sign-in under way at this moment finds that it was ended too."""
        ended = {"kept_session": None, "sessions_ended_at": at}
        return await self._change({"_id": id}, {"$set": ended, "$inc": _ENDS_SESSIONS})

    async def sessions_ended_since(self, at: datetime) -> list[User]:
        found = self._users.find({"sessions_ended_at": {"$gte": at}})
        return [user_of(document) async for document in found]

    async def disabled_since(self, at: datetime) -> set[str]:
        found = self._users.find({"disabled_at": {"$gte": at}}, {"_id": 1})
        return {document["_id"] async for document in found}

    async def _move(
        self,
        user: User,
        update: Document,
        *,
        at: datetime,
        messages: Sequence[Message] = (),
        where: Mapping[str, Any] | None = None,
    ) -> User | None:
        """From the version that was read to the next one, with what that tells. None when it has moved."""
        if messages:
            entries = outbox(messages, version=user.version + 1, at=at)
            update = {**update, "$push": {**update.get("$push", {}), "outbox": {"$each": entries}}}
        return await self._change({"_id": user.id, "version": user.version, **(where or {})}, update)

    async def _change(self, filter: Document, update: Document) -> User | None:
        counted = {**update, "$inc": {"version": 1, **update.get("$inc", {})}}
        return _user(await self._users.find_one_and_update(filter, counted, return_document=True))


def _user(document: Mapping[str, Any] | None) -> User | None:
    return None if document is None else user_of(document)


def _without_empty(update: Document) -> Document:
    return {operator: fields for operator, fields in update.items() if fields}
