"""Mail by SMTP, in steps, because only the last one leaves a doubt when it fails."""

from __future__ import annotations

import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from aiosmtplib import SMTP as Client
from aiosmtplib import SMTPException, SMTPRecipientRefused, SMTPResponseException

from app.core.clock import Clock
from app.notifications.errors import MailAway, MailRefused, MailUnsure
from app.notifications.mime import sender_address, wire_address, written
from app.notifications.models import Letter

Encryption = Literal["starttls", "tls", "none"]
_FOR_GOOD = 500


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    encryption: Encryption
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 10.0
    trust: ssl.SSLContext | None = None
    """None: the certificates this machine trusts."""


class SmtpEmail:
    def __init__(self, server: SmtpServer, sender: str, clock: Clock) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock

    async def send(self, letter: Letter) -> str | None:
        content = written(letter, self._sender, self._clock.now())
        recipient = wire_address(letter.to)
        client = self._client()
        try:
            await self._introduce(client, recipient)
            await self._hand_over(client, content)
            await self._part(client)
        finally:
            client.close()
        return None

    def _client(self) -> Client:
        server = self._server
        return Client(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            timeout=server.timeout_seconds,
            use_tls=server.encryption == "tls",
            start_tls=server.encryption == "starttls",
            tls_context=server.trust,
        )

    async def _introduce(self, client: Client, recipient: str) -> None:
        """Up to the recipient; nothing is delivered if any of it fails."""
        try:
            await client.connect()
            options = await self._options(client, recipient)
            await client.mail(sender_address(self._sender), options=options, encoding="utf-8")
            await client.rcpt(recipient, encoding="utf-8")
        except SMTPRecipientRefused as error:
            raise _judged(error) from error
        except (SMTPException, OSError, TimeoutError) as error:
            # A server that refuses us or our sender is set up wrongly; the mail can wait until it is right.
            raise MailAway(type(error).__name__) from error

    async def _options(self, client: Client, recipient: str) -> list[str]:
        if recipient.isascii():
            return []
        await client.ehlo()
        if not client.supports_extension("smtputf8"):
            raise MailRefused("the server knows ASCII addresses only")
        return ["SMTPUTF8", "BODY=8BITMIME"]

    async def _hand_over(self, client: Client, content: bytes) -> None:
        try:
            await client.data(content)
        except SMTPResponseException as error:
            raise _judged(error) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise MailUnsure(type(error).__name__) from error

    async def _part(self, client: Client) -> None:
        """Good manners; the letter is the server's by now, whatever it says."""
        with suppress(SMTPException, OSError, TimeoutError):
            await client.quit(timeout=1)


def _judged(error: SMTPResponseException) -> MailRefused | MailAway:
    """By its number only: its text may quote the address."""
    kind = MailRefused if error.code >= _FOR_GOOD else MailAway
    return kind(f"SMTP {error.code}")
