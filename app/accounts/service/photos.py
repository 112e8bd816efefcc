"""Profile photos: taken in, drawn anew, kept in the store, shown, taken away."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO

from app.accounts.models import User
from app.accounts.pictures import MEDIA_TYPE
from app.accounts.pictures.darkroom import Darkroom
from app.accounts.providers.photos.base import PhotoStore
from app.accounts.repository import UserRepository
from app.accounts.repository.photos import Discarded, PhotoRepository
from app.accounts.service.limits import AccountLimits
from app.accounts.service.once import Once
from app.core.clock import Clock
from app.core.each import each
from app.core.errors import NotFound, Transient
from app.core.idempotency import Done
from app.core.ratelimit import Window, shown

UNCLAIMED = timedelta(minutes=10)
"""Far longer than any store may take to write a file."""
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """``tag`` changes with the photo."""

    content: bytes = field(repr=False)
    tag: str
    media_type: str = MEDIA_TYPE


class PhotoService:
    def __init__(
        self,
        users: UserRepository,
        photos: PhotoRepository,
        store: PhotoStore,
        darkroom: Darkroom,
        limits: AccountLimits,
        once: Once,
        clock: Clock,
    ) -> None:
        self._users = users
        self._photos = photos
        self._store = store
        self._darkroom = darkroom
        self._limits = limits
        self._once = once
        self._clock = clock

    async def put(
        self, user_id: str, body: AsyncIterator[bytes], key: str | None
    ) -> tuple[Done[User], Window]:
        """Raises BadPhoto, PhotoTooLarge, UploadTooSlow, Overloaded."""
        window = await self._limits.photo(user_id)
        with shown(window):
            async with self._darkroom.received(body) as file:
                done = await self._once.run(
                    caller=user_id,
                    key=key,
                    scope="PUT /me/photo",
                    body={"photo": await asyncio.to_thread(_digest, file)},
                    prefix="chg",
                    create=lambda change: self._take(user_id, file, change),
                    read=lambda _: self._user(user_id),
                )
        return done, window

    async def remove(self, user_id: str, key: str | None) -> Done[User]:
        async def create(id: str) -> User:
            user = await self._photos.drop(user_id, self._clock.now(), id)
            if user is not None:
                await self.tidy_up(user_id)
            return user or await self._user(user_id)

        return await self._once.run(
            caller=user_id,
            key=key,
            scope="DELETE /me/photo",
            body={},
            prefix="chg",
            create=create,
            read=lambda _: self._user(user_id),
        )

    async def show(self, user_id: str) -> PhotoFile:
        """Raises NotFound for no photo and for no such account."""
        user = await self._user(user_id)
        content = await self._store.get(user.photo.key) if user.photo else None
        if user.photo is None or content is None:
            raise NotFound
        return PhotoFile(content, hashlib.sha256(user.photo.key.encode()).hexdigest()[:16])

    async def sweep(self) -> int:
        """Deletes what nobody refers to."""
        return await each(
            await self._photos.discarded(self._clock.now(), _AT_ONCE), self._delete, "photos discarded"
        )

    async def _take(self, user_id: str, file: IO[bytes], change: str) -> User:
        key = f"{user_id}/{change}.webp"
        user = await self._user(user_id)
        if user.photo is not None and user.photo.key == key:
            return user
        drawn = await self._darkroom.develop(file)
        await self._photos.announce(user_id, key, self._clock.now() + UNCLAIMED)
        await self._store.put(key, drawn)
        kept = await self._photos.keep(user_id, key, self._clock.now(), change)
        if kept is None:
            raise NotFound
        await self.tidy_up(user_id)
        return kept

    async def tidy_up(self, user_id: str) -> None:
        """At once where the store lets us; else the sweep does it."""
        try:
            for one in await self._photos.discarded_of(user_id, self._clock.now()):
                await self._delete(one)
        except Transient:
            return

    async def _delete(self, one: Discarded) -> None:
        await self._store.delete(one.key)
        await self._photos.forget(one.id, one.key)

    async def _user(self, user_id: str) -> User:
        user = await self._users.get(user_id)
        if user is None:
            raise NotFound
        return user


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
