"""A letter as mail servers take it. No text of ours or anybody's can add a header or a recipient."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from app.notifications.errors import MailRefused
from app.notifications.models import Letter

_UNSAFE = re.compile(r"[\x00-\x20\x7f<>()\[\],;:\\\"]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_LONGEST_SUBJECT = 150


def wire_address(email: str) -> str:
    """With the domain in the letters DNS knows. Raises MailRefused for what is no plain mailbox."""
    local, _, domain = email.rpartition("@")
    if not local or not domain or "@" in local or _UNSAFE.search(email):
        raise MailRefused("not a plain address")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise MailRefused("not a domain") from error


def sender_address(sender: str) -> str:
    return parseaddr(sender)[1]


def written(letter: Letter, sender: str, at: datetime) -> bytes:
    """``sender`` as ``Name <address>``. Raises MailRefused."""
    name, address = parseaddr(sender)
    username, _, domain = wire_address(letter.to).rpartition("@")
    message = EmailMessage(policy=SMTP if username.isascii() else SMTPUTF8)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(username=username, domain=domain)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{letter.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def one_line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()[:_LONGEST_SUBJECT]
