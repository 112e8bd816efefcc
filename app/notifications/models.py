"""A mail we owe somebody, and the letter or text message it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Reason = Literal[
    "verify_email",
    "reset_password",
    "password_changed",
    "order_confirmed",
    "money_refunded",
    "line_joined",
    "line_code",
    "line_almost",
    "line_called",
    "line_serving",
    "line_completed",
    "line_cancelled",
    "line_transferred",
    "line_changed",
]

Status = Literal["owed", "sending", "sent", "dropped", "refused", "capped", "given_up"]
"""``dropped``: nobody waits for it any more. ``refused``: the provider will not take it. ``capped``: they
have got enough. ``given_up``: the provider could not be had for days."""

Failure = Literal["refused", "capped", "given_up"]

Channel = Literal["email", "sms"]

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``limit`` in any ``window``."""

    limit: int
    window: timedelta


Limits = Mapping[str, Cap]
"""By name."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to somebody. ``to`` names the address, under a key; ``caps`` are names with what is counted
    under them, such as ``line/svc_...``, counted in this order."""

    channel: Channel
    to: str
    caps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """Written down before anything is sent; the text is made anew from what ``about`` names.

    ``about`` and ``n`` name the one thing it tells. It holds no address and no secret. ``unsure``: an
    earlier attempt may have delivered it, so this may be its second time. ``spare`` is tried when ``way``
    has failed. ``counted``: its caps have been taken from.
    """

    id: str
    reason: Reason
    about: str
    n: str
    way: Way
    spare: Way | None
    status: Status
    run: int
    tries: int
    unsure: bool
    counted: bool
    created_at: datetime
    facts: Facts = field(default_factory=dict)

    @property
    def to(self) -> str:
        """Names the address it goes to."""
        return self.way.to


@dataclass(frozen=True, slots=True)
class Letter:
    """Ready to go. ``id`` is the same however often it is sent, so that mailboxes can tell."""

    id: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TextMessage:
    """Ready to go to a phone; ``to`` is its number as E.164."""

    id: str
    to: str = field(repr=False)
    text: str = field(repr=False)


Parcel = Letter | TextMessage
