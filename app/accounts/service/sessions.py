"""Sessions: opened by a sign-in, carried on by refreshing, ended once."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.accounts.access_tokens import AccessTokens
from app.accounts.errors import RefreshReused, SessionEnded
from app.accounts.models import Session, SignedInUser, User
from app.accounts.refresh_tokens import Presented, RefreshTokens
from app.accounts.repository import SessionRepository, UserRepository
from app.accounts.service.revocations import Revocations
from app.core.clock import Clock

GRACE = timedelta(seconds=10)
"""A client that did not get its answer, or two tabs at once, may present the last token again."""


class SessionService:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionRepository,
        access: AccessTokens,
        refresh: RefreshTokens,
        revocations: Revocations,
        clock: Clock,
        days: int = 30,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._access = access
        self._refresh = refresh
        self._revocations = revocations
        self._clock = clock
        self._lifetime = timedelta(days=days)

    async def open(self, user: User, session_id: str) -> SignedInUser:
        """Reads the account again afterwards: a password changed or an account disabled while we looked at
        the old password ends this session too."""
        now = self._clock.now()
        session = await self._sessions.insert(self._new(user, session_id, now))
        current = await self._users.get(user.id)
        if current is None or not session.stands_for(current):
            await self.end(session.id, "superseded")
            raise SessionEnded
        return self._answer(current, session)

    async def current(self, session_id: str) -> SignedInUser:
        """For the replay of a sign-in: its session as it is now."""
        return self._answer(*await self._standing(session_id))

    async def refresh(self, token: str) -> SignedInUser:
        presented = self._refresh.read(token)
        user, session = await self._standing(presented.session_id)
        if presented.n == session.n:
            rotated = await self._rotate(session)
            if rotated is not None:
                return self._answer(user, rotated)
            user, session = await self._standing(session.id)
        if self._in_grace(session, presented):
            return self._answer(user, session)
        if presented.n < session.n:
            await self.end(session.id, "refresh_reused")
            raise RefreshReused
        raise SessionEnded

    async def end(self, session_id: str, cause: str) -> None:
        await self._sessions.end(session_id, self._clock.now(), cause)
        self._revocations.add(session_id)

    async def end_by_token(self, token: str) -> None:
        """Signing out with any refresh token of the sign-in, used or not."""
        await self.end(self._refresh.read(token).session_id, "signout")

    async def end_everywhere(self, session_id: str) -> None:
        """Every sign-in of the account that this session belongs to. Repeated, it leaves newer ones alone."""
        session = await self._sessions.get(session_id)
        user = await self._users.get(session.user_id) if session else None
        if session is None or user is None:
            raise SessionEnded
        ended_before = session.generation < user.generation and session.id != user.kept_session
        if not ended_before:
            if not session.stands_for(user):
                raise SessionEnded
            user = await self._users.end_sessions(user.id, self._clock.now()) or user
        await self._sessions.end_all(user.id, self._clock.now(), "signout_everywhere", before=user.generation)
        await self._revocations.refresh()

    async def end_everywhere_by_token(self, token: str) -> None:
        await self.end_everywhere(self._refresh.read(token).session_id)

    async def end_all(self, user_id: str, cause: str, *, kept: str | None = None) -> None:
        await self._sessions.end_all(user_id, self._clock.now(), cause, kept=kept)
        await self._revocations.refresh()

    def _new(self, user: User, session_id: str, now: datetime) -> Session:
        return Session(
            id=session_id,
            user_id=user.id,
            generation=user.generation,
            n=1,
            key_version=self._refresh.key_version,
            created_at=now,
            rotated_at=now,
            expires_at=now + self._lifetime,
        )

    async def _standing(self, session_id: str) -> tuple[User, Session]:
        session = await self._sessions.get(session_id)
        if session is None or session.expires_at <= self._clock.now():
            raise SessionEnded
        user = await self._users.get(session.user_id)
        if user is None or not session.stands_for(user):
            raise SessionEnded
        return user, session

    async def _rotate(self, session: Session) -> Session | None:
        now = self._clock.now()
        return await self._sessions.rotate(
            session,
            session.n,
            key_version=self._refresh.key_version,
            at=now,
            expires_at=now + self._lifetime,
        )

    def _in_grace(self, session: Session, presented: Presented) -> bool:
        return presented.n + 1 == session.n and self._clock.now() - session.rotated_at <= GRACE

    def _answer(self, user: User, session: Session) -> SignedInUser:
        return SignedInUser(
            user=user,
            access_token=self._access.issue(user, session.id),
            refresh_token=self._refresh.newest_of(session),
            expires_in=int(self._access.lifetime.total_seconds()),
        )
