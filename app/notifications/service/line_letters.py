"""Makes the letter or text that a mail about a place in line stands for, from what the line is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.notifications.addresses import Addresses
from app.notifications.models import Letter, Mail, Parcel, Reason, TextMessage
from app.notifications.templates import Templates
from app.queues import texts
from app.queues.service.recipients import LineRecipients, Recipient
from app.queues.texts import Told

_TEMPLATE = "line"
Say = Callable[[Recipient, Mail], Told | None]
"""None where it is no longer so, and nobody waits to hear it."""


class LineLetters:
    def __init__(self, recipients: LineRecipients, addresses: Addresses, templates: Templates) -> None:
        self._recipients = recipients
        self._addresses = addresses
        self._templates = templates

    async def write(self, mail: Mail) -> Parcel | None:
        """None when it is not wanted any more, or they are not where it was owed to."""
        to = await self._recipients.of(mail.about)
        told = SAYINGS[mail.reason](to, mail) if to is not None else None
        if to is None or told is None:
            return None
        address = to.contact.phone if mail.way.channel == "sms" else to.contact.email
        if address is None or not self._addresses.leads_to(mail.way, address):
            return None
        if mail.way.channel == "sms":
            return TextMessage(mail.id, address, told.text)
        about = {"subject": told.subject, "words": told.words, "url": told.place.url}
        words = self._templates.words(_TEMPLATE, about)
        return Letter(mail.id, address, words.subject, words.text, words.html)


def _joined(to: Recipient, _: Mail) -> Told | None:
    return texts.joined(to.place) if _has_a_place(to) else None


def _transferred(to: Recipient, _: Mail) -> Told | None:
    return texts.transferred(to.place) if _has_a_place(to) else None


def _code(to: Recipient, mail: Mail) -> Told | None:
    code = to.token.code
    if to.code is None or code is None or code.grant.n != int(mail.n):
        return None
    return texts.code(to.place, to.code) if to.token.status in ("waiting", "called") else None


def _almost(to: Recipient, mail: Mail) -> Told | None:
    return texts.almost(to.place, int(mail.facts["minutes"])) if to.token.status == "waiting" else None


def _called(to: Recipient, _: Mail) -> Told | None:
    return texts.called(to.place, to.token.counter) if to.token.status == "called" else None


def _serving(to: Recipient, _: Mail) -> Told | None:
    return texts.serving(to.place) if to.token.status in ("serving", "completed") else None


def _completed(to: Recipient, _: Mail) -> Told | None:
    return texts.completed(to.place) if to.token.status == "completed" else None


def _cancelled(to: Recipient, _: Mail) -> Told | None:
    return texts.cancelled(to.place, day_over=to.day_over) if to.token.status == "cancelled" else None


def _changed(to: Recipient, mail: Mail) -> Told | None:
    now = to.service.state
    return texts.changed(to.place, now) if to.token.live and now == mail.facts["state"] else None


def _has_a_place(to: Recipient) -> bool:
    return to.token.status not in ("cancelled", "transferred")


SAYINGS: Mapping[Reason, Say] = {
    "line_joined": _joined,
    "line_transferred": _transferred,
    "line_code": _code,
    "line_almost": _almost,
    "line_called": _called,
    "line_serving": _serving,
    "line_completed": _completed,
    "line_cancelled": _cancelled,
    "line_changed": _changed,
}
