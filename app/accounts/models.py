"""Who calls, who has an account, and what a sign-in leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.core.security import hash_email

Role = Literal["customer", "staff", "admin"]
ROLES: frozenset[str] = frozenset({"customer", "staff", "admin"})
STAFF: frozenset[str] = frozenset({"staff", "admin"})
ADMIN: frozenset[str] = frozenset({"admin"})
Permission = Literal[
    "events:read",
    "events:write",
    "orders:create",
    "orders:read",
    "orders:write",
    "stats:read",
    "work:read",
    "work:write",
    "audit:read",
]
"""What a machine may be allowed to do; each route that takes machines names one."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The events and lines somebody is limited to. Whoever has none is limited to nothing."""

    events: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from. ``secret`` is a presented resource secret; it proves nothing by itself.

    A machine has an ``api_key`` and no role; its route has checked that the key has the permission.
    """

    user_id: str | None = None
    session_id: str | None = None
    role: Role | None = None
    email_hash: str | None = None
    secret: str | None = field(default=None, repr=False)
    api_key: str | None = None
    scope: Scope | None = None
    request_id: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """Whose limits and idempotency keys count. Guests are named by their email hash elsewhere."""
        return self.user_id or self.api_key or "anonymous"

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF or self.api_key is not None

    @property
    def limited(self) -> bool:
        """To some events and lines; whatever concerns the whole house is out of bounds."""
        return self.scope is not None and self.role != "admin"

    @property
    def bounds(self) -> Scope | None:
        """What the work of staff ends at; None where it ends nowhere."""
        return self.scope if self.limited else None

    @property
    def events(self) -> list[str] | None:
        """Those that the work of staff ends at; None for all."""
        return sorted(self.bounds.events) if self.bounds else None

    def oversees_event(self, event_id: str) -> bool:
        """As staff. For others an event is foreign, and what is foreign looks absent."""
        return self.is_staff and (self.bounds is None or event_id in self.bounds.events)

    def oversees_service(self, service_id: str) -> bool:
        return self.is_staff and (self.bounds is None or service_id in self.bounds.services)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an admin decides about an account."""

    role: Role
    disabled: bool
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A machine's key. Its secret is derived under ``key_version`` and never stored."""

    id: str
    name: str
    permissions: frozenset[Permission]
    scope: Scope | None
    key_version: int
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 1
    last_used_at: datetime | None = None
    """Within an hour: using a key is no write."""

    def stands(self, at: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class Photo:
    """Where the store keeps it. ``key`` is new with each upload."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """What an account keeps of the newest link mailed for one purpose. The secret in it is derived from
    account and ``n``, so a higher ``n`` revokes; without ``expires_at`` it has been used."""

    n: int
    key_version: int
    expires_at: datetime | None = None
    asked_by: str | None = None
    """The request that asked for it, so that a repetition does not revoke what is under way."""

    def is_open(self, at: datetime) -> bool:
        return self.expires_at is not None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class User:
    """``generation`` counts what ends all sessions; ``kept_session`` is the one that survived the last.

    ``google`` is Google's name for the person, where one signed in with it; ``google_unproven``: it came
    with an address that Google does not run, so a reset by mail ends it. ``password_proven``: the
    password came by a link mailed to the address, or was changed from one that did. A verified address
    alone does not show that: its owner may have followed the link of somebody else's sign-up.
    """

    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    role: Role
    password: str | None = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None = None
    generation: int = 1
    kept_session: str | None = None
    version: int = 1
    last_change: str | None = None
    scope: Scope | None = None
    email_verified_at: datetime | None = None
    google: str | None = field(default=None, repr=False)
    google_unproven: bool = False
    password_proven: bool = False
    photo: Photo | None = None
    erased_at: datetime | None = None
    erased_mailbox: str | None = None
    """Hash of the verified address it had, until nothing is left to erase."""
    verification: Link | None = None
    reset: Link | None = None

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None

    @property
    def mailbox(self) -> str | None:
        """Hash of the address whose mail the person has shown to read; None for one nobody has verified."""
        return hash_email(self.email) if self.email_verified else self.erased_mailbox

    @property
    def standing(self) -> Standing:
        return Standing(self.role, self.disabled, self.scope)

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in and all refresh tokens that came of it. The newest is number ``n``."""

    id: str
    user_id: str
    generation: int
    n: int
    key_version: int
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def stands_for(self, user: User) -> bool:
        """Still good for this account: nothing since has ended it."""
        if self.ended_at is not None or self.user_id != user.id or user.disabled:
            return False
        return self.generation == user.generation or self.id == user.kept_session


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """What sign-up, sign-in and refresh answer."""

    user: User
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class Contact:
    """How an order reaches the person who placed it."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mailing:
    """An address, and the secret that goes there and nowhere else."""

    email: str = field(repr=False)
    secret: str = field(repr=False)
