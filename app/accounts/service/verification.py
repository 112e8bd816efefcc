"""Whether an account's owner reads the mail of its address."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import messages
from app.accounts.errors import AlreadyVerified, LinkNotValid
from app.accounts.links import LinkSecrets
from app.accounts.models import Mailing, User
from app.accounts.repository import UserRepository
from app.accounts.service.mail_limits import MailLimits
from app.accounts.service.once import Once
from app.core.clock import Clock
from app.core.errors import NotFound, Transient
from app.core.idempotency import Done
from app.core.ratelimit import Window, shown

_TRIES = 5


class Verification:
    def __init__(
        self,
        users: UserRepository,
        links: LinkSecrets,
        limits: MailLimits,
        once: Once,
        clock: Clock,
        lifetime: timedelta = timedelta(days=7),
    ) -> None:
        self._users = users
        self._links = links
        self._limits = limits
        self._once = once
        self._clock = clock
        self.lifetime = lifetime

    async def begin(self, user_id: str) -> User | None:
        """For a worker: opens the first link of a new account. None where none is needed any more."""
        for _ in range(_TRIES):
            user = await self._users.get(user_id)
            if user is None or user.disabled or user.email_verified:
                return None
            if user.verification is not None:
                return user
            now = self._clock.now()
            link = self._links.next(None, now, self.lifetime)
            opened = await self._users.open_link(user, "verification", link, now)
            if opened is not None:
                return opened
        raise Transient

    async def ask(self, user_id: str, address: str, key: str | None) -> tuple[Done[User], Window]:
        """Another mail, whose link revokes the one before it. Raises AlreadyVerified."""
        user = await self._get(user_id)
        window = await self._limits.to(user.email, address)
        with shown(window):
            done = await self._once.run(
                caller=user_id,
                key=key,
                scope="POST /me/verification",
                body={},
                prefix="chg",
                create=lambda change: self._open(user_id, change),
                read=lambda _: self._get(user_id),
            )
        return done, window

    async def confirm(self, secret: str, address: str, key: str | None) -> Done[User]:
        """Follows a link, once. Raises LinkNotValid."""
        followed = self._links.read("verification", secret)
        await self._limits.follow(address)
        return await self._once.run(
            caller=followed.user_id,
            key=key,
            scope="POST /auth/verify",
            body={"secret": secret},
            prefix="chg",
            create=lambda change: self._confirm(followed.user_id, followed.n, change),
            read=lambda _: self._get(followed.user_id),
        )

    async def mailing(self, user_id: str, n: int) -> Mailing | None:
        """What to mail for the ``n``-th link. None when nobody waits for it any more."""
        user = await self._users.get(user_id)
        link = user.verification if user else None
        if user is None or user.disabled or link is None or link.n != n or user.email_verified:
            return None
        if not link.is_open(self._clock.now()):
            return None
        return Mailing(user.email, self._links.write("verification", user.id, link))

    async def _open(self, user_id: str, change: str) -> User:
        for _ in range(_TRIES):
            user = await self._get(user_id)
            if user.email_verified:
                raise AlreadyVerified
            if user.verification and user.verification.asked_by == change:
                return user
            now = self._clock.now()
            link = self._links.next(user.verification, now, self.lifetime, change)
            tell = [messages.verification_asked(user.id, link.n)]
            opened = await self._users.open_link(user, "verification", link, now, tell)
            if opened is not None:
                return opened
        raise Transient

    async def _confirm(self, user_id: str, n: int, change: str) -> User:
        for _ in range(_TRIES):
            user = await self._get(user_id)
            now = self._clock.now()
            if user.last_change == change:
                return user
            link = user.verification
            if link is None or link.n != n or not link.is_open(now) or user.disabled:
                raise LinkNotValid
            verified = await self._users.verify_email(user, now, change)
            if verified is not None:
                return verified
        raise Transient

    async def _get(self, user_id: str) -> User:
        user = await self._users.get(user_id)
        if user is None:
            raise NotFound
        return user
