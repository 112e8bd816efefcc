"""A forgotten password: asked for by anybody, answered by mail, changed by whoever reads that mail.

Asking writes the request down and nothing else, so neither the answer nor the time it takes tells whether
the account exists. A worker looks, and opens the link.
"""

from __future__ import annotations

from datetime import timedelta

from app.accounts import messages
from app.accounts.errors import LinkNotValid
from app.accounts.links import LinkSecrets
from app.accounts.models import Mailing, User
from app.accounts.passwords import refuse_weak
from app.accounts.repository import UserRepository
from app.accounts.repository.password_requests import PasswordRequestRepository
from app.accounts.service.mail_limits import MailLimits
from app.accounts.service.once import Once
from app.accounts.service.passwords import Passwords
from app.accounts.service.sessions import SessionService
from app.core.clock import Clock
from app.core.errors import Transient
from app.core.idempotency import Done
from app.core.ratelimit import Window, shown
from app.core.security import KeyRing, hash_email, normalise_email

_TRIES = 5
_SCOPE = "POST /auth/password/reset"


class PasswordReset:
    def __init__(
        self,
        users: UserRepository,
        requests: PasswordRequestRepository,
        sessions: SessionService,
        passwords: Passwords,
        links: LinkSecrets,
        limits: MailLimits,
        once: Once,
        ring: KeyRing,
        clock: Clock,
        lifetime: timedelta = timedelta(hours=1),
    ) -> None:
        self._users = users
        self._requests = requests
        self._sessions = sessions
        self._passwords = passwords
        self._links = links
        self._limits = limits
        self._once = once
        self._ring = ring
        self._clock = clock
        self.lifetime = lifetime

    async def ask(self, email: str, address: str, key: str | None) -> tuple[Done[None], Window]:
        email = normalise_email(email)
        window = await self._limits.to(email, address)

        async def create(id: str) -> None:
            sealed = self._ring.encrypt(email, bound_to=id)
            await self._requests.insert(id, sealed, self._clock.now())

        with shown(window):
            done = await self._once.run(
                caller=f"guest:{hash_email(email)}",
                key=key,
                scope="POST /auth/password/forgot",
                body={"email": email},
                prefix="rst",
                create=create,
                read=_nothing,
            )
        return done, window

    async def answer(self, request_id: str) -> User | None:
        """For a worker: opens the link this request asks for, once. None where there is nobody to mail."""
        sealed = await self._requests.sealed_email(request_id)
        if sealed is None:
            return None
        email = self._ring.decrypt(sealed, bound_to=request_id)
        for _ in range(_TRIES):
            user = await self._users.by_email(email)
            if user is None or user.disabled:
                return None
            if user.reset and user.reset.asked_by == request_id:
                return user
            now = self._clock.now()
            link = self._links.next(user.reset, now, self.lifetime, request_id)
            opened = await self._users.open_link(user, "reset", link, now)
            if opened is not None:
                return opened
        raise Transient

    async def forget(self, request_id: str) -> None:
        """Its mail is written down, or there is none to write."""
        await self._requests.delete(request_id)

    async def mailing(self, user_id: str, n: int) -> Mailing | None:
        """What to mail for the ``n``-th link. None when it does not stand any more."""
        user = await self._users.get(user_id)
        if user is None or not self._stands(user, n) or user.reset is None:
            return None
        return Mailing(user.email, self._links.write("reset", user.id, user.reset))

    async def reset(self, secret: str, password: str, address: str, key: str | None) -> Done[None]:
        """Sets the password, ends all sessions. Raises LinkNotValid, and WeakPassword, which uses nothing
        up."""
        followed = self._links.read("reset", secret)
        await self._limits.follow(address)

        async def create(change: str) -> None:
            await self._replace(followed.user_id, followed.n, password, change)
            await self._sessions.end_all(followed.user_id, "password_reset")

        return await self._once.run(
            caller=followed.user_id,
            key=key,
            scope=_SCOPE,
            body={"secret": secret, "password": password},
            prefix="chg",
            create=create,
            read=_nothing,
        )

    async def _replace(self, user_id: str, n: int, password: str, change: str) -> None:
        hashed: str | None = None
        for _ in range(_TRIES):
            user = await self._users.get(user_id)
            if user is not None and user.last_change == change:
                return
            if user is None or not self._stands(user, n):
                raise LinkNotValid
            refuse_weak(password, user.email)
            hashed = hashed or await self._passwords.hash(password)
            tell = [messages.password_changed(user.id)]
            if await self._users.reset_password(user, hashed, self._clock.now(), change, tell):
                return
        raise Transient

    def _stands(self, user: User, n: int) -> bool:
        link = user.reset
        return link is not None and link.n == n and link.is_open(self._clock.now()) and not user.disabled


async def _nothing(_: str) -> None:
    return None
