"""What an admin decides about somebody's account."""

from __future__ import annotations

from app.accounts.audit import deed
from app.accounts.errors import OwnAccount
from app.accounts.models import Caller, Standing, User
from app.accounts.repository import UserRepository
from app.accounts.schemas import UserChange
from app.accounts.scopes import plain_scope
from app.accounts.service.once import Once
from app.accounts.service.sessions import SessionService
from app.core.clock import Clock
from app.core.errors import NotFound, StaleVersion, Transient
from app.core.idempotency import Done

_TRIES = 5


class Administration:
    def __init__(self, users: UserRepository, sessions: SessionService, once: Once, clock: Clock) -> None:
        self._users = users
        self._sessions = sessions
        self._once = once
        self._clock = clock

    async def administer(
        self, admin: Caller, user_id: str, change: UserChange, key: str | None
    ) -> Done[User]:
        """Sets role, scope, or whether the account is disabled. Disabling ends all its sessions."""

        async def create(id: str) -> User:
            user = await self._decide(admin, user_id, change, id)
            if user.disabled:
                await self._sessions.end_all(user_id, "disabled")
            return user

        return await self._once.run(
            caller=admin.key,
            key=key,
            scope=f"PATCH /users/{user_id}",
            body=change.model_dump(mode="json", exclude_unset=True),
            prefix="chg",
            create=create,
            read=lambda _: self._get(user_id),
        )

    async def _decide(self, admin: Caller, user_id: str, change: UserChange, action: str) -> User:
        for _ in range(_TRIES):
            user = await self._get(user_id)
            wanted = change.applied_to(user.standing)
            if user.id == admin.user_id and (wanted.role != "admin" or wanted.disabled):
                raise OwnAccount
            if user.last_change == action:
                return user
            if change.version not in (None, user.version):
                raise StaleVersion(current={"id": user.id, "version": user.version, **_plain(user.standing)})
            if wanted == user.standing:
                return user
            told = deed(
                admin, "user.administered", user.id, before=_plain(user.standing), after=_plain(wanted)
            )
            changed = await self._users.administer(user, wanted, action, self._clock.now(), [told])
            if changed is not None:
                return changed
        raise Transient

    async def _get(self, user_id: str) -> User:
        user = await self._users.get(user_id)
        if user is None:
            raise NotFound
        return user


def _plain(standing: Standing) -> dict[str, object]:
    """What an admin decides on, without the person."""
    return {
        "role": standing.role,
        "disabled": standing.disabled,
        "scope": plain_scope(standing.scope),
    }
