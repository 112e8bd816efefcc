"""The post office: a mail is owed, sent and closed, once as far as SMTP allows.

SMTP cannot be asked whether it has a letter already. So a mail is written down as being sent before
it is; one that is found in that state later is sent again, carries the same Message-ID, and is marked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from prometheus_client import Counter

from app.core.clock import Clock
from app.core.errors import Problem
from app.core.security import hash_email
from app.notifications.errors import MailAway, MailRefused, MailUnsure
from app.notifications.models import Facts, Letter, Mail, Reason, Status
from app.notifications.providers.base import Email
from app.notifications.repository import Mails

Write = Callable[[Mail], Awaitable[Letter | None]]
"""Makes the letter of a mail; None where nobody waits for it any more."""

AT_ONCE = 8
LEASE = timedelta(seconds=60)
"""Longer than the attempt below may take, so that two workers do not send one mail."""
ATTEMPT_SECONDS = 45.0
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)
UNASKED_WITHIN = timedelta(hours=1)

MAILS = Counter("usher_mails_total", "Mails that came to an end, and attempts put off", ["reason", "outcome"])
log = structlog.get_logger("mail")


class Post:
    def __init__(self, mails: Mails, write: Write, email: Email, clock: Clock, per_hour: int = 5) -> None:
        """``per_hour``: how many of one kind a mailbox gets that nobody there has asked for."""
        self._mails = mails
        self._write = write
        self._email = email
        self._clock = clock
        self._per_hour = per_hour

    async def owe(
        self, reason: Reason, about: str, n: int | str, email: str, facts: Facts | None = None
    ) -> None:
        """Durably owed when it returns. The same again changes nothing."""
        await self._mails.owe(reason, about, str(n), hash_email(email), facts or {})

    async def owe_unasked(
        self, reason: Reason, about: str, n: int | str, email: str, facts: Facts | None = None
    ) -> None:
        """The same for what somebody may set off again and again with an account in a stranger's name."""
        since = self._clock.now() - UNASKED_WITHIN
        if await self._mails.owed_since(since, reason, hash_email(email), self._per_hour) < self._per_hour:
            await self.owe(reason, about, n, email, facts)
        else:
            MAILS.labels(reason, "too_many").inc()

    async def sweep(self, limit: int) -> int:
        """Sends what is due, a few at a time; returns how many. Stops early where the server is away."""
        ended = 0
        for _ in range(0, limit, AT_ONCE):
            batch = await self._mails.due(AT_ONCE)
            results = await asyncio.gather(*map(self._send, batch))
            ended += results.count(True)
            if len(batch) < AT_ONCE or not any(results):
                break
        return ended

    async def _send(self, mail: Mail) -> bool:
        """False when it has to be tried again."""
        begun = await self._mails.begin(mail, LEASE)
        if begun is None:
            return True
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                letter = await self._write(begun)
                if letter is not None:
                    await self._email.send(letter)
        except MailRefused as error:
            await self._close(begun, "refused", str(error))
        except Exception as error:
            # A mail that cannot be made or sent for whatever reason must not hold up the others.
            return await self._put_off(begun, error)
        else:
            await self._close(begun, "dropped" if letter is None else "sent")
        return True

    async def _put_off(self, mail: Mail, error: Exception) -> bool:
        now = self._clock.now()
        kind = type(error).__name__
        if now - mail.created_at > GIVE_UP_AFTER:
            await self._close(mail, "given_up", kind)
            return True
        pause = min(FIRST_PAUSE * 2 ** min(mail.tries - 1, 10), LONGEST_PAUSE)
        await self._mails.again(mail, now + pause, kind, unsure=_unsure(error))
        MAILS.labels(mail.reason, "put_off").inc()
        unexpected = None if isinstance(error, Problem) else error
        about = {"mail": mail.id, "reason": mail.reason, "tries": mail.tries, "error": kind}
        log.warning("mail_put_off", exc_info=unexpected, **about)
        return not isinstance(error, MailAway)

    async def _close(self, mail: Mail, status: Status, error: str | None = None) -> None:
        await self._mails.close(mail, status, error)
        MAILS.labels(mail.reason, status).inc()
        if status in ("refused", "given_up"):
            log.error("mail_not_sent", mail=mail.id, reason=mail.reason, status=status, error=error)
        elif mail.unsure and status == "sent":
            log.warning("mail_may_be_twice", mail=mail.id, reason=mail.reason)


def _unsure(error: Exception) -> bool:
    """A time-out of the whole attempt, or an error nobody foresaw, tells nothing about how far it came."""
    return isinstance(error, MailUnsure) or not isinstance(error, Problem)
