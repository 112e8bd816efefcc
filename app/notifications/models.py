"""A mail we owe somebody, and the letter it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Reason = Literal["verify_email", "reset_password", "password_changed", "order_confirmed", "money_refunded"]

Status = Literal["owed", "sending", "sent", "dropped", "refused", "given_up"]
"""``dropped``: nobody waits for it any more. ``refused``: the mail server will not take it.
``given_up``: the mail server could not be had for days."""

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Mail:
    """Written down before anything is sent; the text is made anew from what ``about`` names.

    ``about`` and ``n`` name the one thing it tells. It holds no address and no secret. ``unsure``: an
    earlier attempt may have delivered it.
    """

    id: str
    reason: Reason
    about: str
    n: str
    to: str
    """Hash of the address it was owed to."""
    status: Status
    run: int
    tries: int
    unsure: bool
    created_at: datetime
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """Ready to go. ``id`` is the same however often it is sent, so that mailboxes can tell."""

    id: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
