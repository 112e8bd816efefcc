"""News of accounts, orders and payments that somebody is told of by mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from app.accounts import messages as accounts
from app.accounts.models import Contact
from app.accounts.service.password_reset import PasswordReset
from app.accounts.service.verification import Verification
from app.core.errors import NotFound
from app.core.messages import Envelope
from app.notifications.models import Facts
from app.notifications.service import Post
from app.orders.messages import ORDERS
from app.orders.service.recipients import Recipients
from app.payments.messages import STREAM as PAYMENTS

STREAMS = (accounts.STREAM, ORDERS, PAYMENTS)


class MailListener:
    def __init__(
        self,
        post: Post,
        verification: Verification,
        resets: PasswordReset,
        find_contact: Callable[[str], Awaitable[Contact]],
        recipients: Recipients,
    ) -> None:
        self._post = post
        self._verification = verification
        self._resets = resets
        self._find_contact = find_contact
        self._recipients = recipients
        self._heard: Mapping[str, Callable[[Envelope], Awaitable[None]]] = {
            accounts.SIGNED_UP: self._signed_up,
            accounts.VERIFICATION_ASKED: self._verification_asked,
            accounts.PASSWORD_FORGOTTEN: self._password_forgotten,
            accounts.PASSWORD_CHANGED: self._password_changed,
            "order.confirmed": self._order_confirmed,
            "payment.refunded": self._refunded,
        }

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._heard)

    async def heard(self, envelope: Envelope) -> None:
        await self._heard[envelope.type](envelope)

    async def _signed_up(self, envelope: Envelope) -> None:
        user = await self._verification.begin(envelope.key)
        if user is not None and user.verification is not None:
            await self._post.owe_unasked("verify_email", user.id, user.verification.n, user.email)

    async def _verification_asked(self, envelope: Envelope) -> None:
        n = int(envelope.data["n"])
        mailing = await self._verification.mailing(envelope.key, n)
        if mailing is not None:
            await self._post.owe("verify_email", envelope.key, n, mailing.email)

    async def _password_forgotten(self, envelope: Envelope) -> None:
        user = await self._resets.answer(envelope.key)
        if user is not None and user.reset is not None:
            await self._post.owe("reset_password", user.id, user.reset.n, user.email)
        await self._resets.forget(envelope.key)

    async def _password_changed(self, envelope: Envelope) -> None:
        try:
            contact = await self._find_contact(envelope.key)
        except NotFound:
            return  # The account was erased meanwhile.
        facts: Facts = {"at": int(envelope.at.timestamp())}
        await self._post.owe_unasked("password_changed", envelope.key, envelope.version, contact.email, facts)

    async def _order_confirmed(self, envelope: Envelope) -> None:
        """Anybody may book what is free in a stranger's name, so those letters are capped."""
        to = await self._recipients.of(envelope.key)
        if to is not None:
            owe = self._post.owe if to.order.total.amount else self._post.owe_unasked
            await owe("order_confirmed", to.order.id, 1, to.email)

    async def _refunded(self, envelope: Envelope) -> None:
        """One payment may be refunded in parts; each part is one version of it."""
        to = await self._recipients.of(envelope.data["order_id"])
        if to is not None:
            facts: Facts = {"amount": envelope.data["amount"], "currency": envelope.data["currency"]}
            await self._post.owe("money_refunded", to.order.id, envelope.id, to.email, facts)
