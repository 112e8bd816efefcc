"""A person's data in their own hands: the timeline, the export, the erasure."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import nlargest
from typing import Any

from app.accounts.errors import RoleHeld, SessionEnded, SignInAgain
from app.accounts.messages import user_erased
from app.accounts.models import Session, User
from app.accounts.personal import Records, TimelineEntry
from app.accounts.pictures import MEDIA_TYPE
from app.accounts.repository import SessionRepository, UserRepository
from app.accounts.repository.erasure import ErasureRepository
from app.accounts.service.limits import AccountLimits
from app.accounts.service.once import Once
from app.accounts.service.photos import PhotoService
from app.accounts.service.sessions import SessionService
from app.core.clock import Clock
from app.core.each import each
from app.core.errors import NotFound, Transient
from app.core.idempotency import Done
from app.core.pagination import PageRequest
from app.core.ratelimit import Window, shown

FRESH = timedelta(minutes=10)
_AGAIN = timedelta(minutes=1)
_MARGIN = timedelta(minutes=5)
_TRIES = 5
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Export:
    user: User
    sessions: Sequence[Session]
    photo: str | None = field(repr=False)
    """A data URL."""
    records: Mapping[str, Sequence[Mapping[str, Any]]] = field(repr=False)


class PersonalData:
    def __init__(
        self,
        users: UserRepository,
        sessions: SessionRepository,
        session_service: SessionService,
        erasures: ErasureRepository,
        photos: PhotoService,
        limits: AccountLimits,
        once: Once,
        clock: Clock,
        records: Sequence[Records],
        lifetime: timedelta,
    ) -> None:
        """``lifetime`` of an access token: what one of an erased account began has ended after it."""
        self._users = users
        self._sessions = sessions
        self._session_service = session_service
        self._erasures = erasures
        self._photos = photos
        self._limits = limits
        self._once = once
        self._clock = clock
        self._records = records
        self._watched = lifetime + _MARGIN

    async def timeline(self, user_id: str, page: PageRequest) -> list[TimelineEntry]:
        """All kinds in one list, the newest first."""
        parts = await asyncio.gather(*(r.moments(user_id, page.after, page.limit) for r in self._records))
        moments = [moment for part in parts for moment in part]
        return nlargest(page.limit, moments, key=lambda moment: moment.order)

    async def export(self, user_id: str) -> tuple[Export, Window]:
        window = await self._limits.export(user_id)
        with shown(window):
            user = await self._user(user_id)
            records = {one.kind: await one.export(user_id) for one in self._records}
            sessions = await self._sessions.of_user(user_id)
            return Export(user, sessions, await self._photo(user), records), window

    async def erase(self, user_id: str, session_id: str, key: str | None) -> Done[None]:
        """Raises SessionEnded, SignInAgain and RoleHeld. The account is gone when it returns, and its name
        from all that other domains keep; sweeps follow up what was under way.

        The token may be one whose session this very erasure has ended: only its own key finds it done.
        """

        async def create(id: str) -> None:
            await self._erase(user_id, session_id, id)

        async def read(_: str) -> None:
            return None

        return await self._once.run(
            caller=user_id,
            key=key,
            scope="DELETE /me",
            body={},
            prefix="ers",
            create=create,
            read=read,
        )

    async def _erase(self, user_id: str, session_id: str, change: str) -> None:
        session, user = await self._sessions.get(session_id), await self._users.get(user_id)
        if session is None or user is None or session.user_id != user.id:
            raise SessionEnded
        ours = user.erased_at is not None and user.last_change == change
        if not ours:
            if not session.stands_for(user):
                raise SessionEnded
            if self._clock.now() - session.created_at > FRESH:
                raise SignInAgain
            user = await self._begin(user_id, change)
        await self._session_service.end_all(user_id, "erased")
        await self._strike(user)

    async def sweep(self) -> int:
        """Strikes again whatever turned up since, and ends accounts nothing can come from any more."""
        owed = await self._erasures.owed(self._clock.now(), _AGAIN, _AT_ONCE)
        return await each(owed, self._follow_up, "people erased")

    async def _begin(self, user_id: str, change: str) -> User:
        for _ in range(_TRIES):
            user = await self._user(user_id)
            if user.erased_at is not None:
                return user
            if user.role != "customer":
                raise RoleHeld
            erased = await self._erasures.begin(user, self._clock.now(), change, [user_erased(user_id)])
            if erased is not None:
                return erased
        raise Transient("the account keeps changing")

    async def _strike(self, user: User) -> None:
        for records in self._records:
            await records.forget(user.id)
        await self._photos.tidy_up(user.id)

    async def _follow_up(self, user: User) -> None:
        await self._strike(user)
        if user.erased_at is not None and self._clock.now() - user.erased_at >= self._watched:
            await self._erasures.finish(user.id)

    async def _photo(self, user: User) -> str | None:
        if user.photo is None:
            return None
        try:
            photo = await self._photos.show(user.id)
        except NotFound:
            return None
        return f"data:{MEDIA_TYPE};base64,{base64.b64encode(photo.content).decode()}"

    async def _user(self, user_id: str) -> User:
        user = await self._users.get(user_id)
        if user is None:
            raise NotFound
        return user
