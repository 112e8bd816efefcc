"""News of lines that somebody in them is told of, by text or mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from app.core.messages import Envelope
from app.notifications.addresses import Addresses
from app.notifications.models import Channel, Facts, Mail, Reason, Way
from app.notifications.service import Post
from app.queues.messages import SERVICES, TOKENS
from app.queues.models import Contact, Token
from app.queues.service.recipients import LineRecipients, Recipient
from app.queues.service.reminders import CAUSE as REMINDER_DUE

STREAMS = (TOKENS, SERVICES)
RECALLED = "recalled"
TRANSFERRED = "transferred"
BATCH = 500


class LineListener:
    """A place in line is confirmed on every way there is; later news take the quickest, with the other in
    case it fails; what happens in front of them goes by mail only."""

    def __init__(self, post: Post, recipients: LineRecipients, addresses: Addresses) -> None:
        self._post = post
        self._recipients = recipients
        self._addresses = addresses
        self._heard: Mapping[str, Callable[[Envelope], Awaitable[None]]] = {
            "token.joined": self._joined,
            "token.joined_again": self._joined_again,
            "token.code_granted": self._code_granted,
            "token.called": self._called,
            "token.updated": self._updated,
            "token.serving": self._by_mail("line_serving"),
            "token.completed": self._by_mail("line_completed"),
            "token.cancelled": self._cancelled,
            "service.opened": self._changed,
            "service.paused": self._changed,
            "service.closed": self._changed,
        }

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._heard)

    async def heard(self, envelope: Envelope) -> None:
        await self._heard[envelope.type](envelope)

    async def _joined(self, envelope: Envelope) -> None:
        moved = envelope.data["cause"] == TRANSFERRED
        await self._on_all_ways(envelope.key, "line_transferred" if moved else "line_joined", 1)

    async def _joined_again(self, envelope: Envelope) -> None:
        await self._on_all_ways(envelope.key, "line_joined", envelope.id)

    async def _code_granted(self, envelope: Envelope) -> None:
        await self._quickest(envelope.key, "line_code", envelope.data["code_n"])

    async def _called(self, envelope: Envelope) -> None:
        await self._quickest(envelope.key, "line_called", envelope.version)

    async def _updated(self, envelope: Envelope) -> None:
        cause = envelope.data["cause"]
        if cause == RECALLED:
            await self._called(envelope)
        elif cause == REMINDER_DUE:
            facts: Facts = {"minutes": envelope.data["minutes"]}
            await self._quickest(envelope.key, "line_almost", envelope.version, facts)

    async def _cancelled(self, envelope: Envelope) -> None:
        """Nobody is told of what they did themselves."""
        to = await self._recipients.of(envelope.key)
        if to is not None and not to.left_by_themselves:
            await self._owe(to, "line_cancelled", envelope.version, [self._ways(to.token, to.contact)])

    async def _changed(self, envelope: Envelope) -> None:
        facts: Facts = {"state": envelope.data["state"]}
        mails: list[Mail] = []
        async for token, contact in self._recipients.following(envelope.key):
            ways = self._ways(token, contact)
            mails.append(self._post.mail("line_changed", token.id, envelope.version, ways, facts))
            if len(mails) == BATCH:
                await self._post.owe_all(mails)
                mails = []
        await self._post.owe_all(mails)

    def _by_mail(self, reason: Reason) -> Callable[[Envelope], Awaitable[None]]:
        async def heard(envelope: Envelope) -> None:
            to = await self._recipients.of(envelope.key)
            if to is not None and to.contact.email is not None:
                way = self._way("email", to.contact.email, to.token)
                await self._owe(to, reason, envelope.version, [[way]])

        return heard

    async def _on_all_ways(self, token_id: str, reason: Reason, n: int | str) -> None:
        to = await self._recipients.of(token_id)
        if to is not None:
            await self._owe(to, reason, n, [[way] for way in self._ways(to.token, to.contact)])

    async def _quickest(
        self, token_id: str, reason: Reason, n: int | str, facts: Facts | None = None
    ) -> None:
        to = await self._recipients.of(token_id)
        if to is not None:
            await self._owe(to, reason, n, [self._ways(to.token, to.contact)], facts)

    async def _owe(
        self,
        to: Recipient,
        reason: Reason,
        n: int | str,
        choices: Sequence[Sequence[Way]],
        facts: Facts | None = None,
    ) -> None:
        """One mail for each of ``choices`` that has a way at all."""
        about = to.token.id
        await self._post.owe_all([self._post.mail(reason, about, n, ways, facts) for ways in choices if ways])

    def _ways(self, token: Token, contact: Contact) -> list[Way]:
        """The quickest first."""
        ways = []
        if contact.phone is not None and self._post.texts:
            ways.append(self._way("sms", contact.phone, token))
        if contact.email is not None:
            ways.append(self._way("email", contact.email, token))
        return ways

    def _way(self, channel: Channel, address: str, token: Token) -> Way:
        """With what is counted: a text costs money, and may go to a number that somebody else typed in."""
        to, origin = self._addresses.name(channel, address), token.origin
        if channel == "email":
            return Way(channel, to, (f"mailbox/{to}", *_counted("mail_origin", origin)))
        caps = (f"number/{to}", *_counted("origin", origin), f"line/{token.service_id}", "all")
        return Way(channel, to, caps)


def _counted(name: str, what: str | None) -> tuple[str, ...]:
    """Nothing where staff entered them by hand."""
    return (f"{name}/{what}",) if what else ()
