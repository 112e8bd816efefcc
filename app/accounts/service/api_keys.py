"""Keys for machines: made and revoked by admins, admitted on every request by asking MongoDB."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.accounts.api_keys import ApiKeyTokens
from app.accounts.audit import deed
from app.accounts.errors import ApiKeyEnded, NotPermitted
from app.accounts.models import ApiKey, Caller, Permission, Scope
from app.accounts.repository.api_keys import ApiKeyRepository
from app.accounts.scopes import plain_scope
from app.core.clock import Clock, rfc3339
from app.core.errors import Invalid, NotFound
from app.core.idempotency import Done, IdempotencyKeys, body_hash
from app.core.pagination import PageRequest

_USE_TOLD_EVERY = timedelta(hours=1)


class ApiKeyService:
    def __init__(
        self, keys: ApiKeyRepository, tokens: ApiKeyTokens, once: IdempotencyKeys, clock: Clock
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._once = once
        self._clock = clock

    async def admit(self, token: str, permission: Permission | None) -> Caller:
        """The machine behind a token. Raises InvalidToken, ApiKeyEnded, NotPermitted."""
        key, now = await self._keys.get(self._tokens.read(token)), self._clock.now()
        if key is None or not key.stands(now):
            raise ApiKeyEnded
        if permission is None:
            raise NotPermitted("This is not for machines")
        if permission not in key.permissions:
            raise NotPermitted(needs=permission)
        if key.last_used_at is None or now - key.last_used_at >= _USE_TOLD_EVERY:
            await self._keys.used(key, now)
        return Caller(api_key=key.id, scope=key.scope)

    async def create(
        self,
        caller: Caller,
        *,
        name: str,
        permissions: frozenset[Permission],
        scope: Scope | None,
        expires_at: datetime | None,
        key: str | None,
    ) -> Done[ApiKey]:
        now = self._clock.now()
        if expires_at is not None and expires_at <= now:
            raise _expired()

        async def create(id: str) -> ApiKey:
            made = ApiKey(id, name, permissions, scope, self._tokens.key_version, caller.key, now, expires_at)
            told = deed(caller, "api_key.created", id, after=_decided(made))
            return await self._keys.insert(made, [told])

        return await self._once.run(
            caller=caller.key,
            key=key,
            scope="POST /api-keys",
            body=body_hash(name, *sorted(permissions), str(plain_scope(scope)), str(expires_at)),
            prefix="key",
            create=create,
            read=self.get,
        )

    async def get(self, id: str) -> ApiKey:
        key = await self._keys.get(id)
        if key is None:
            raise NotFound
        return key

    async def page(self, page: PageRequest) -> list[ApiKey]:
        return await self._keys.page(page)

    async def revoke(self, caller: Caller, id: str) -> ApiKey:
        """From the next request on. Revoking twice changes nothing, so it is its own idempotency key."""
        key = await self.get(id)
        if key.revoked_at is not None:
            return key
        now = self._clock.now()
        told = deed(caller, "api_key.revoked", id, before={"revoked": False}, after={"revoked": True})
        return await self._keys.revoke(key, now, [told]) or await self.get(id)

    def token(self, key: ApiKey) -> str:
        return self._tokens.of(key)


def _decided(key: ApiKey) -> dict[str, object]:
    return {
        "permissions": sorted(key.permissions),
        "scope": plain_scope(key.scope),
        "expires_at": rfc3339(key.expires_at) if key.expires_at else None,
    }


def _expired() -> Invalid:
    message = "must lie in the future"
    return Invalid(message, errors=[{"loc": ["body", "expires_at"], "msg": message, "type": "value_error"}])
