"""Services and tokens: a line, and one's place in it; what is true of them without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from app.core.security import Grant

Document = dict[str, Any]

State = Literal["open", "paused", "closed"]
"""``paused``: nobody is called, joining stays open. ``closed``: nobody joins, calling goes on."""
Verify = Literal["none", "alias", "otp"]
Status = Literal["waiting", "called", "serving", "completed", "no_show", "cancelled", "away", "transferred"]

LIVE: frozenset[Status] = frozenset({"waiting", "called", "serving", "away"})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    "waiting": frozenset({"called", "away", "cancelled", "transferred"}),
    "away": frozenset({"waiting", "cancelled", "transferred"}),
    "called": frozenset({"serving", "no_show", "waiting", "cancelled", "away", "transferred"}),
    "serving": frozenset({"completed", "waiting", "transferred"}),
    "no_show": frozenset({"waiting", "called"}),
    "completed": frozenset(),
    "cancelled": frozenset(),
    "transferred": frozenset(),
}
"""Out of ``no_show`` lead only its undoings: requeue and recall."""

LIVE_FIELDS = ("live_number", "alias_key", "contact_key", "place")
"""Present in a token's document only while it is live; each stands in a unique index."""

SECRET_KIND = "token"  # noqa: S105 — names the kind.
DEFAULT_PRIORITY = 5
LOWEST_PRIORITY = 9


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Local times of one weekday, Monday = 0. ``closes`` before ``opens`` means after midnight."""

    day: int
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Invite:
    """One QR link of a service. Its secret is derived from the service's id and ``n``."""

    n: int
    at: datetime
    key_version: int

    def is_open(self, now: datetime, valid: timedelta) -> bool:
        return now < self.at + valid


@dataclass(frozen=True, slots=True)
class Service:
    """``counters``: open ones. ``capacity``: live tokens at most. Invites stand newest last."""

    id: str
    slug: str
    name: str
    description: str
    timezone: str
    average_minutes: float
    verify: Verify
    remote_join: bool
    state: State
    version: int
    created_at: datetime
    created_by: str = ""
    capacity: int | None = None
    counters: int = 1
    opening_hours: tuple[OpeningHours, ...] = ()
    carry_over: bool = False
    grace_seconds: int = 60
    recall_gap_seconds: int = 30
    invites: tuple[Invite, ...] = ()
    former_slugs: tuple[str, ...] = ()
    """Links with them are in people's hands. Another line that takes one of them has it."""

    @property
    def front(self) -> int:
        """How many of those waiting are next, and so have a one-time code."""
        return max(1, self.counters)


@dataclass(frozen=True, slots=True)
class Contact:
    """``phone`` as E.164, ``email`` in one spelling. Each may be missing."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)

    @property
    def reachable(self) -> bool:
        return self.email is not None or self.phone is not None


@dataclass(frozen=True, slots=True)
class Code:
    """What a token keeps of its one-time code: which one it is, and how often it was guessed at."""

    grant: Grant
    tries: int
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Notify:
    """What one wants to be told on the way. ``reminded_at``: the N minutes have been announced."""

    minutes_before: int | None = None
    changes: bool = False
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """The forecast one was given on joining, to be held against what came."""

    median_seconds: float
    p90_seconds: float
    ahead: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where a token went on."""

    service_id: str
    token_id: str


@dataclass(frozen=True, slots=True)
class Token:
    """``joined_at`` is kept on transfer, and so is ``secret_id``, which the secret is derived from.

    ``alias`` is ours and stays; ``own_alias`` is what the customer added. Either proves who one is to a
    human and opens nothing. ``invite`` is the one that was claimed, ``origin`` names the network address
    they joined from, hashed; staff's hand leaves none.
    """

    id: str
    service_id: str
    day: str
    number: int
    status: Status
    joined_at: datetime
    alias: str
    secret_id: str
    grant: Grant
    version: int
    created_at: datetime
    priority: int = DEFAULT_PRIORITY
    own_alias: str | None = field(default=None, repr=False)
    contact: Contact | None = None
    user_id: str | None = None
    origin: str | None = None
    invite: int | None = None
    place: int | None = None
    counter: str | None = None
    called_at: datetime | None = None
    recalled_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    verified_at: datetime | None = None
    code: Code | None = None
    notify: Notify = Notify()
    forecast: Promise | None = None
    transfer: Transfer | None = None
    history: tuple[Document, ...] = ()
    idem: Mapping[str, str] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def order(self) -> tuple[int, datetime, int]:
        """Smaller is sooner."""
        return self.priority, self.joined_at, self.number

    def used_key(self, key: str) -> bool:
        """Whether an action with this idempotency key is in the history."""
        return any(entry.get("key") == key for entry in self.history)


def may_move(token: Token, to: Status) -> bool:
    return to in TRANSITIONS[token.status]
