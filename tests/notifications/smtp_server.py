"""A real SMTP server on loopback, which can be told to misbehave."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USERNAME, PASSWORD = "usher", "a password for mail"


@dataclass
class Mailbox:
    """What arrived, and what the next steps answer instead of taking it."""

    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    at_rcpt: list[str] = field(default_factory=list)
    at_data: list[str] = field(default_factory=list)
    """``keep`` takes the letter and breaks the connection before saying so; ``hang`` says nothing at all;
    ``keep_and_hang`` takes it and says nothing."""
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_rcpt:
            return self.at_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.at_data.pop(0) if self.at_data else "250 OK"
        if answer.startswith(("250", "keep")):
            self._take(session, envelope)
        if answer == "keep":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if answer.endswith("hang"):
            await asyncio.sleep(60)
        return answer

    def empty(self) -> None:
        for kept in (self.letters, self.recipients, self.encrypted, self.at_rcpt, self.at_data):
            kept.clear()
        self.taken.clear()

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if letter["To"] == address]

    def _take(self, session: Session, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        letter = BytesParser(_class=EmailMessage, policy=POLICY).parsebytes(envelope.content)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.taken.set()


@asynccontextmanager
async def smtp_server(
    *, tls: ssl.SSLContext | None = None, sign_in: bool = False, smtputf8: bool = True
) -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    options: dict[str, Any] = {"enable_SMTPUTF8": smtputf8, "tls_context": tls, "require_starttls": bool(tls)}
    if sign_in:
        options |= {"authenticator": _authenticate, "auth_required": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mail.test", **options), "127.0.0.1", mailbox.port
    )
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
) -> AuthResult:
    right = (login.login, login.password) == (USERNAME.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def body(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())
