"""The QR code on the staff's screen: a link that is good for one place in the line.

There is a new one after each claim and after a while. Older ones stay good for some minutes, since
somebody may be filling in the page behind them. Claiming is the insert of the token.
"""

from __future__ import annotations

import asyncio
import hmac
import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import segno

from app.core.clock import Clock
from app.core.errors import Transient
from app.core.security import Grant, KeyRing
from app.queues.errors import InviteExpired
from app.queues.models import Invite, Service
from app.queues.repository.services import Services
from app.queues.repository.tokens import Tokens
from app.queues.service.directory import Directory

KIND = "invite"
ATTEMPTS = 20
MOST = 1000
"""Invites of one service that are good at the same time."""

Picture = Literal["svg", "png"]


@dataclass(frozen=True, slots=True)
class Rotation:
    """``every``: how long a screen shows one. ``valid``: how long it can be claimed."""

    every: timedelta
    valid: timedelta


@dataclass(frozen=True, slots=True)
class Shown:
    service: Service
    n: int
    text: str = field(repr=False)
    url: str = field(repr=False)
    next_at: datetime
    expires_at: datetime


class Invites:
    def __init__(
        self,
        services: Services,
        directory: Directory,
        tokens: Tokens,
        ring: KeyRing,
        clock: Clock,
        rotation: Rotation,
        public_url: str,
    ) -> None:
        self._services = services
        self._directory = directory
        self._tokens = tokens
        self._ring = ring
        self._clock = clock
        self._rotation = rotation
        self._public_url = public_url.rstrip("/")

    async def current(self, service_id: str) -> Shown:
        """The one to show now; a new one where the last was claimed or has been shown long enough."""
        for _ in range(ATTEMPTS):
            service = await self._directory.stored(service_id)
            newest = service.invites[-1] if service.invites else None
            if newest and not await self._is_over(service, newest):
                return self._shown(service, newest)
            await self._issue(service, newest)
        raise Transient

    async def check(self, service: Service, text: str) -> int:
        """The number of the invite, if it is ours and still good. Whether it is claimed the insert says.

        Raises InviteExpired for all others: what was never ours looks like what is over.
        """
        secret, _, digits = text.rpartition(".")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
            raise InviteExpired
        n = int(digits)
        if not any(self._is_ours(service.id, n, version, secret) for version in self._ring.versions):
            raise InviteExpired
        invite = _find(service, n) or _find(await self._directory.fresh(service.id), n)
        if invite is None or not invite.is_open(self._clock.now(), self._rotation.valid):
            raise InviteExpired
        return n

    async def picture(self, service_id: str, kind: Picture) -> bytes:
        shown = await self.current(service_id)
        return await asyncio.to_thread(_draw, shown.url, kind)

    async def _is_over(self, service: Service, invite: Invite) -> bool:
        if self._clock.now() >= invite.at + self._rotation.every:
            return True
        return await self._tokens.is_claimed(service.id, invite.n)

    async def _issue(self, service: Service, newest: Invite | None) -> None:
        now = self._clock.now()
        kept = [one for one in service.invites if one.is_open(now, self._rotation.valid)][-MOST:]
        invite = Invite(newest.n + 1 if newest else 1, now, self._ring.newest)
        await self._services.issue(service, invite, kept)

    def _shown(self, service: Service, invite: Invite) -> Shown:
        text = f"{self._secret(service.id, invite.n, invite.key_version)}.{invite.n}"
        return Shown(
            service,
            invite.n,
            text,
            f"{self._public_url}/{service.slug}/join#{text}",
            invite.at + self._rotation.every,
            invite.at + self._rotation.valid,
        )

    def _is_ours(self, service_id: str, n: int, key_version: int, secret: str) -> bool:
        return hmac.compare_digest(self._secret(service_id, n, key_version).encode(), secret.encode())

    def _secret(self, service_id: str, n: int, key_version: int) -> str:
        return self._ring.secret(KIND, service_id, Grant(key_version, n))


def _find(service: Service, n: int) -> Invite | None:
    return next((one for one in reversed(service.invites) if one.n == n), None)


def _draw(url: str, kind: Picture) -> bytes:
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind=kind, scale=8, border=4)
    return out.getvalue()
