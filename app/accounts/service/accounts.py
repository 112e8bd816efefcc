"""What an account's owner does with it, and how it is found."""

from __future__ import annotations

from collections.abc import Mapping

from app.accounts import messages
from app.accounts.errors import EmailTaken, WrongPassword
from app.accounts.models import Contact, Role, User
from app.accounts.passwords import refuse_weak
from app.accounts.repository import UserRepository
from app.accounts.service.limits import AccountLimits
from app.accounts.service.once import Once
from app.accounts.service.passwords import Passwords
from app.accounts.service.sessions import SessionService
from app.core.clock import Clock
from app.core.errors import NotFound, Transient
from app.core.idempotency import Done
from app.core.ids import new_id
from app.core.pagination import PageRequest
from app.core.ratelimit import Window, shown
from app.core.security import normalise_email

_TRIES = 5


class AccountService:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionService,
        passwords: Passwords,
        limits: AccountLimits,
        once: Once,
        clock: Clock,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._limits = limits
        self._once = once
        self._clock = clock

    async def get(self, id: str) -> User:
        user = await self._users.get(id)
        if user is None:
            raise NotFound
        return user

    async def page(self, page: PageRequest, role: Role | None, disabled: bool | None) -> list[User]:
        return await self._users.page(page, role, disabled)

    async def find_contact(self, user_id: str) -> Contact:
        """Raises NotFound, also for somebody who was erased: nothing reaches them any more."""
        user = await self.get(user_id)
        if user.erased_at is not None:
            raise NotFound
        return Contact(user.name, user.email, user.phone)

    async def ensure_admin(self, email: str, password: str) -> bool:
        """True when it was made now. An account that has this email already is left as it is."""
        email = normalise_email(email)
        if await self._users.by_email(email) is not None:
            return False
        admin = User(
            id=new_id("usr"),
            email=email,
            name="Administrator",
            phone=None,
            role="admin",
            password=await self._passwords.hash(password),
            created_at=(now := self._clock.now()),
            email_verified_at=now,
            password_proven=True,
        )
        try:
            await self._users.insert(admin)
        except EmailTaken:
            return False
        return True

    async def change_profile(
        self, user_id: str, changes: Mapping[str, str | None], key: str | None
    ) -> Done[User]:
        async def create(id: str) -> User:
            user = await self._users.set_profile(user_id, changes, id) if changes else await self.get(user_id)
            if user is None:
                raise NotFound
            return user

        return await self._once.run(
            caller=user_id,
            key=key,
            scope="PATCH /me",
            body=changes,
            prefix="chg",
            create=create,
            read=lambda _: self.get(user_id),
        )

    async def change_password(
        self, user_id: str, session_id: str, current: str, new: str, key: str | None
    ) -> tuple[Done[User], Window]:
        """Ends all other sessions, in the same write as far as refreshing them goes."""
        window = await self._limits.password(user_id)

        async def create(id: str) -> User:
            user = await self.get(user_id)
            if user.last_change != id:
                user = await self._replace_password(user, current, new, session_id, id)
            await self._sessions.end_all(user_id, "password_changed", kept=session_id)
            return user

        with shown(window):
            done = await self._once.run(
                caller=user_id,
                key=key,
                scope="POST /me/password",
                body={"current": current, "new": new},
                prefix="chg",
                create=create,
                read=lambda _: self.get(user_id),
            )
        return done, window

    async def _replace_password(
        self, user: User, current: str, new: str, session_id: str, change: str
    ) -> User:
        if not (await self._passwords.verify(current, user.password)).right:
            raise WrongPassword
        refuse_weak(new, user.email, "new_password")
        hashed = await self._passwords.hash(new)
        known = user.password
        for _ in range(_TRIES):
            changed = await self._users.set_password(
                user, hashed, session_id, change, self._clock.now(), [messages.password_changed(user.id)]
            )
            if changed is not None:
                return changed
            user = await self.get(user.id)
            if user.password != known:  # Somebody was faster, so ``current`` is not the current one any more.
                raise WrongPassword
        raise Transient
