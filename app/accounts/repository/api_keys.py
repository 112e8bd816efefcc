"""Collection ``api_keys``. Revoked keys stay: the audit names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.models import ApiKey
from app.accounts.scopes import plain_scope, scope_of
from app.core.messages import Message, outbox
from app.core.mongo import Database, Document, DuplicateKeyError
from app.core.pagination import PageRequest


class ApiKeyRepository:
    def __init__(self, database: Database) -> None:
        self._keys = database["api_keys"]

    async def prepare(self) -> None:
        """By ``_id`` only: a key is found by the id it carries."""

    async def insert(self, key: ApiKey, messages: Sequence[Message]) -> ApiKey:
        """With an id that stands already it returns our own earlier success."""
        told = outbox(messages, version=key.version, at=key.created_at)
        try:
            await self._keys.insert_one(_document(key) | {"outbox": told})
        except DuplicateKeyError:
            known = await self.get(key.id)
            if known is None:
                raise
            return known
        return key

    async def get(self, id: str) -> ApiKey | None:
        return _key(await self._keys.find_one({"_id": id}))

    async def page(self, page: PageRequest) -> list[ApiKey]:
        found = self._keys.find({"_id": {"$gt": page.after}}).sort("_id", 1).limit(page.limit)
        return [_model(document) async for document in found]

    async def revoke(self, key: ApiKey, at: datetime, messages: Sequence[Message]) -> ApiKey | None:
        """None when it was revoked before."""
        change: Document = {
            "$set": {"revoked_at": at},
            "$inc": {"version": 1},
            "$push": {"outbox": {"$each": outbox(messages, version=key.version + 1, at=at)}},
        }
        standing = {"_id": key.id, "revoked_at": {"$exists": False}}
        return _key(await self._keys.find_one_and_update(standing, change, return_document=True))

    async def used(self, key: ApiKey, at: datetime) -> None:
        """Nothing is decided by it, so it is no new version."""
        await self._keys.update_one({"_id": key.id}, {"$max": {"last_used_at": at}})


def _document(key: ApiKey) -> Document:
    document: Document = {
        "_id": key.id,
        "name": key.name,
        "permissions": sorted(key.permissions),
        "scope": plain_scope(key.scope),
        "key_version": key.key_version,
        "created_by": key.created_by,
        "created_at": key.created_at,
        "version": key.version,
    }
    if key.expires_at is not None:
        document["expires_at"] = key.expires_at
    return document


def _key(document: Mapping[str, Any] | None) -> ApiKey | None:
    return None if document is None else _model(document)


def _model(document: Mapping[str, Any]) -> ApiKey:
    return ApiKey(
        id=document["_id"],
        name=document["name"],
        permissions=frozenset(document["permissions"]),
        scope=scope_of(document),
        key_version=document["key_version"],
        created_by=document["created_by"],
        created_at=document["created_at"],
        expires_at=document.get("expires_at"),
        revoked_at=document.get("revoked_at"),
        version=document["version"],
        last_used_at=document.get("last_used_at"),
    )
