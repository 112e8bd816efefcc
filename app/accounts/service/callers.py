"""From an Authorization header to a caller."""

from __future__ import annotations

import re
from dataclasses import replace

from app.accounts.access_tokens import AccessTokens
from app.accounts.api_keys import API_KEY_PREFIX
from app.accounts.errors import InvalidToken, MalformedAuthorization, SessionEnded
from app.accounts.models import Caller, Permission
from app.accounts.repository import SessionRepository, UserRepository
from app.accounts.service.api_keys import ApiKeyService
from app.accounts.service.revocations import Revocations
from app.core.errors import Forbidden, Unauthorized
from app.core.security import SECRET_PREFIX

_ANONYMOUS = Caller()
_RESOURCE_SECRET = re.compile(r"us_[A-Za-z0-9_-]{43}")


class Callers:
    def __init__(
        self,
        tokens: AccessTokens,
        revocations: Revocations,
        users: UserRepository,
        sessions: SessionRepository,
        api_keys: ApiKeyService,
    ) -> None:
        self._tokens = tokens
        self._revocations = revocations
        self._users = users
        self._sessions = sessions
        self._api_keys = api_keys

    async def identify(self, authorization: str | None, permission: Permission | None = None) -> Caller:
        """Without a look-up for customers and guests. A header that is no good is never taken for none.

        ``permission`` is what a machine needs here; without one, machines are refused.
        """
        if authorization is None:
            return _ANONYMOUS
        token = _bearer(authorization)
        if token.startswith(SECRET_PREFIX):
            return _with_secret(token)
        if token.startswith(API_KEY_PREFIX):
            return await self._api_keys.admit(token, permission)
        caller = self._tokens.read(token)
        if self._revocations.is_revoked(caller.session_id, caller.user_id):
            raise SessionEnded
        return await self.confirm(caller) if caller.is_staff else caller

    async def require(
        self, authorization: str | None, roles: frozenset[str], permission: Permission | None = None
    ) -> Caller:
        """For routes of staff and admins: what MongoDB says now, whatever the token says."""
        if authorization is not None and (token := _bearer(authorization)).startswith(API_KEY_PREFIX):
            return await self._api_keys.admit(token, permission)
        caller = await self.confirm(self.read(authorization))
        if caller.role not in roles:
            raise Forbidden
        return caller

    async def confirm(self, caller: Caller) -> Caller:
        """The caller with the role and the scope of this moment. Raises SessionEnded."""
        session = await self._sessions.get(caller.session_id or "")
        user = await self._users.get(caller.user_id or "")
        if session is None or user is None or not session.stands_for(user):
            raise SessionEnded
        return replace(caller, role=user.role, scope=user.scope)

    def read(self, authorization: str | None) -> Caller:
        """What a token says that we signed and that has not expired; its session may have ended."""
        if authorization is None:
            raise Unauthorized
        token = _bearer(authorization)
        if token.startswith(SECRET_PREFIX):
            raise Unauthorized("This takes an access token, not a secret")
        return self._tokens.read(token)


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or " " in token:
        raise MalformedAuthorization
    return token


def _with_secret(token: str) -> Caller:
    """A refresh token also begins like a secret but is none."""
    if not _RESOURCE_SECRET.fullmatch(token):
        raise InvalidToken
    return Caller(secret=token)
