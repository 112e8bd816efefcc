"""The post office: a mail is owed, sent and closed, once as far as SMTP and phone companies allow.

Neither can be asked whether it has something already. So a mail is written down as being sent before
it is; one that is found in that state later is sent again, carries the same id, and is marked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from prometheus_client import Counter

from app.core.clock import Clock
from app.core.errors import Problem
from app.notifications.addresses import Addresses
from app.notifications.errors import MailAway, MailRefused, MailUnsure
from app.notifications.models import Channel, Facts, Failure, Mail, Parcel, Reason, Status, Way
from app.notifications.repository import Mails
from app.notifications.repository.mails import owed
from app.notifications.service.limits import CapReached, Rationing
from app.notifications.service.ways import Ways

Write = Callable[[Mail], Awaitable[Parcel | None]]
"""Makes what a mail stands for; None where nobody waits for it any more."""

CHANNELS: tuple[Channel, ...] = ("email", "sms")
AT_ONCE = 8
LEASE = timedelta(seconds=60)
"""Longer than the two below together, so that two workers do not send one mail."""
WRITING_SECONDS = 10.0
SENDING_SECONDS = 45.0
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
TRIES_BEFORE_TURNING = 3
"""To the other channel, where there is one."""
TWICE_ALREADY = "may have arrived twice"
GIVE_UP_AFTER = timedelta(days=3)

MAILS = Counter(
    "usher_mails_total",
    "Mails and texts that came to an end, and attempts put off",
    ["reason", "channel", "outcome"],
)
log = structlog.get_logger("mail")


class Post:
    def __init__(
        self,
        mails: Mails,
        write: Write,
        ways: Ways,
        rationing: Rationing,
        addresses: Addresses,
        clock: Clock,
    ) -> None:
        self._mails = mails
        self._write = write
        self._ways = ways
        self._rationing = rationing
        self._addresses = addresses
        self._clock = clock

    @property
    def texts(self) -> bool:
        """Whether there is a way to phones."""
        return self._ways.texts is not None

    async def owe(
        self, reason: Reason, about: str, n: int | str, email: str, facts: Facts | None = None
    ) -> None:
        """A letter, durably owed when it returns. The same again changes nothing."""
        way = Way("email", self._addresses.name("email", email))
        await self.owe_all([self.mail(reason, about, n, [way], facts)])

    async def owe_unasked(
        self, reason: Reason, about: str, n: int | str, email: str, facts: Facts | None = None
    ) -> None:
        """The same for what somebody may set off again and again with an account in a stranger's name."""
        to = self._addresses.name("email", email)
        way = Way("email", to, (f"unasked/{reason}/{to}",))
        await self.owe_all([self.mail(reason, about, n, [way], facts)])

    def mail(
        self, reason: Reason, about: str, n: int | str, ways: Sequence[Way], facts: Facts | None = None
    ) -> Mail:
        """``ways``: the one to be tried first, and one in case it fails."""
        return owed(reason, about, str(n), ways, facts or {}, self._clock.now())

    async def owe_all(self, mails: Sequence[Mail]) -> None:
        await self._mails.owe(mails)

    async def sweep(self, limit: int) -> int:
        """Sends what is due, a few at a time; returns how many came to an end."""
        return sum(await asyncio.gather(*(self._sweep(channel, limit) for channel in CHANNELS)))

    async def _sweep(self, channel: Channel, limit: int) -> int:
        """Stops early where the channel's provider is away, and holds the other one up in no case."""
        ended = 0
        for _ in range(0, limit, AT_ONCE):
            batch = await self._mails.due(channel, AT_ONCE)
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
        if mail.unsure and mail.status == "sending" and _rings(mail):
            return await self._fail(begun, "given_up", TWICE_ALREADY)
        try:
            async with asyncio.timeout(WRITING_SECONDS):
                parcel = await self._prepare(begun)
        except CapReached as error:
            return await self._fail(begun, "capped", error.name)
        except Exception as error:
            # A mail that cannot be made for whatever reason must not hold up the others.
            return await self._put_off(begun, error, unsure=False)
        if parcel is not None:
            return await self._hand_over(replace(begun, counted=True), parcel)
        await self._close(begun, "dropped")
        return True

    async def _prepare(self, mail: Mail) -> Parcel | None:
        """Written, and counted where it is wanted."""
        parcel = await self._write(mail)
        if parcel is not None:
            await self._rationing.count(mail)
        return parcel

    async def _hand_over(self, mail: Mail, parcel: Parcel) -> bool:
        try:
            async with asyncio.timeout(SENDING_SECONDS):
                ref = await self._ways.send(parcel)
        except MailRefused as error:
            return await self._fail(mail, "refused", str(error))
        except Exception as error:
            return await self._put_off(mail, error, unsure=_unsure(error))
        await self._close(mail, "sent", ref=ref)
        return True

    async def _put_off(self, mail: Mail, error: Exception, *, unsure: bool) -> bool:
        now, kind = self._clock.now(), type(error).__name__
        if now - mail.created_at > GIVE_UP_AFTER:
            return await self._fail(mail, "given_up", kind)
        if mail.unsure and unsure and _rings(mail):
            return await self._fail(mail, "given_up", TWICE_ALREADY)
        if mail.spare is not None and mail.tries >= TRIES_BEFORE_TURNING:
            return await self._turn(mail, mail.spare, kind, unsure=unsure)
        pause = min(FIRST_PAUSE * 2 ** min(mail.tries - 1, 10), LONGEST_PAUSE)
        await self._mails.again(mail, now + pause, kind, unsure=unsure)
        self._tell(mail, "put_off")
        unexpected = None if isinstance(error, Problem) else error
        about = {"mail": mail.id, "reason": mail.reason, "tries": mail.tries, "error": kind}
        log.warning("mail_put_off", exc_info=unexpected, **about)
        return not isinstance(error, MailAway)

    async def _fail(self, mail: Mail, how: Failure, error: str) -> bool:
        """This channel will not do; the other one may. True: there is nothing to wait for."""
        if mail.spare is not None:
            return await self._turn(mail, mail.spare, error, unsure=False)
        await self._close(mail, how, error)
        return True

    async def _turn(self, mail: Mail, spare: Way, error: str, *, unsure: bool) -> bool:
        await self._mails.turn(mail, spare, error, unsure=unsure)
        self._tell(mail, "turned")
        log.warning("mail_turned", mail=mail.id, reason=mail.reason, channel=spare.channel, error=error)
        return True

    async def _close(
        self, mail: Mail, status: Status, error: str | None = None, ref: str | None = None
    ) -> None:
        await self._mails.close(mail, status, error, ref)
        self._tell(mail, status)
        about = {"mail": mail.id, "reason": mail.reason, "channel": mail.way.channel}
        if status in ("refused", "given_up"):
            log.error("mail_not_sent", status=status, error=error, **about)
        elif status == "capped":
            log.warning("mail_capped", cap=error, **about)
        elif mail.unsure and status == "sent":
            log.warning("mail_may_be_twice", **about)

    def _tell(self, mail: Mail, outcome: str) -> None:
        MAILS.labels(mail.reason, mail.way.channel, outcome).inc()


def _unsure(error: Exception) -> bool:
    """A time-out of the whole attempt, or an error nobody foresaw, tells nothing about how far it came."""
    return isinstance(error, MailUnsure) or not isinstance(error, Problem)


def _rings(mail: Mail) -> bool:
    """A mailbox knows a letter by its id; a phone would ring a third time."""
    return mail.way.channel == "sms"
