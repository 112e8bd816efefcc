"""Which access tokens are good no more, known without asking: the sessions ended and accounts disabled
while a token of theirs may still be running. Each API process reads them from MongoDB every second."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from app.accounts.repository import SessionRepository, UserRepository
from app.core.clock import Clock
from app.core.tasks import end

log = structlog.get_logger("accounts")

_MARGIN = timedelta(minutes=1)
_OVERLAP = timedelta(seconds=30)
"""A write that waited for MongoDB carries a time from before our last reading."""
_EVERY_SECONDS = 0.8
"""The promise is one second, and reading takes a while."""


class Revocations:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionRepository,
        clock: Clock,
        lifetime: timedelta,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        """``lifetime`` of an access token: what ended longer ago cannot be presented any more."""
        self._users = users
        self._sessions = sessions
        self._clock = clock
        self._memory = lifetime + _MARGIN
        self._every = every_seconds
        self._ended: dict[str, datetime] = {}
        self._disabled: set[str] = set()
        self._read_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reads once, so that no request is served before the first list is known."""
        await self.refresh()
        self._task = asyncio.create_task(self._keep_reading(), name="revocations")

    async def stop(self) -> None:
        if self._task is not None:
            await end(self._task)
            self._task = None

    def is_revoked(self, session_id: str | None, user_id: str | None) -> bool:
        return session_id in self._ended or user_id in self._disabled

    def add(self, session_id: str) -> None:
        """Ended by this process: no need to wait for the next reading."""
        self._ended[session_id] = self._clock.now()

    async def refresh(self) -> None:
        now = self._clock.now()
        oldest = now - self._memory
        since = oldest if self._read_at is None else max(oldest, self._read_at - _OVERLAP)
        ended = await self._sessions.ended_since(since)
        ended |= await self._outdated(since, now)
        disabled = await self._users.disabled_since(oldest)
        known = {session: at for session, at in self._ended.items() if at >= oldest}
        self._ended = known | ended
        self._disabled = disabled
        self._read_at = now

    async def _outdated(self, since: datetime, now: datetime) -> dict[str, datetime]:
        """Ended by their account's own write, also where a crash kept them from hearing of it."""
        found: dict[str, datetime] = {}
        for user in await self._users.sessions_ended_since(since):
            sessions = await self._sessions.of_user(user.id)
            found |= {session.id: now for session in sessions if not session.stands_for(user)}
        return found

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.refresh()
            except Exception as error:
                # Whatever it was, the list in memory still holds and the next reading makes up for it.
                log.warning("revocations_not_read", error=type(error).__name__)
