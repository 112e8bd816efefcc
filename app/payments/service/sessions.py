"""A payment's session at its provider: opened once, found again, closed behind the fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from app.core.clock import Clock
from app.payments.errors import PaymentClosed, UnknownProvider
from app.payments.models import UNPAID, Payment
from app.payments.providers.base import Charge, Provider, ProviderRefused, Session
from app.payments.repository import Payments
from app.payments.service.applying import Readings

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an order asks to be charged, for the ``n``-th time."""

    charge: Charge
    n: int
    provider: str


class PaymentService:
    """Everything is idempotent: a step repeated after a crash finds what the first try did, at the
    provider through ids that we derive.
    """

    def __init__(
        self,
        payments: Payments,
        readings: Readings,
        providers: Mapping[str, Provider],
        clock: Clock,
        poll_after: timedelta,
    ) -> None:
        self._payments = payments
        self._readings = readings
        self._providers = providers
        self._clock = clock
        self._poll_after = poll_after

    def provider(self, name: str) -> Provider:
        if name not in self._providers:
            raise UnknownProvider(provider=name)
        return self._providers[name]

    async def find(self, id: str) -> Payment | None:
        return await self._payments.find(id)

    async def many(self, ids: Sequence[str]) -> list[Payment]:
        return await self._payments.many(ids)

    async def of_order(self, order_id: str) -> list[Payment]:
        return await self._payments.of_orders([order_id])

    async def of_orders(self, order_ids: Sequence[str]) -> list[Payment]:
        return await self._payments.of_orders(order_ids) if order_ids else []

    async def forget_reasons(self, order_ids: Sequence[str]) -> None:
        """Strikes what people typed for the refunds of these orders. Repeating it changes nothing."""
        for start in range(0, len(order_ids), _AT_ONCE):
            await self._payments.forget_reasons(order_ids[start : start + _AT_ONCE])

    async def open(self, attempt: Attempt) -> tuple[Payment, Session]:
        """The payment and its session at the provider, made at most once however often this is called.

        The document is written before the provider is asked, so that whoever ends the order knows that
        a session may exist. Raises ProviderUnavailable (the outcome is unknown: call again) and
        ProviderRefused, and PaymentClosed
        when the attempt has ended.
        """
        payment = await self._recorded(attempt)
        if payment.status not in UNPAID:
            raise PaymentClosed
        if payment.url and payment.ref:
            return payment, Session(payment.ref, payment.url)
        session = await self.provider(attempt.provider).open(_as_first_asked(attempt.charge, payment))
        opened = await self._payments.update(
            payment,
            cause="session opened",
            fields={"status": "open", "ref": session.ref, "url": session.url},
            expect={"status": "opening"},
        )
        return opened or await self._payments.get(payment.id), session

    async def refuse_to_open(self, attempt: Attempt) -> Payment:
        """The fence for an attempt nobody recorded: closed from the start, so it can never be opened."""
        await self._payments.insert(self._document(attempt, "closed"))
        return await self._payments.get(attempt.charge.payment_id)

    async def abandon(self, attempt: Attempt) -> Payment:
        """The provider refused to open it: unless it was open before, nothing is there to be paid."""
        payment = await self._payments.get(attempt.charge.payment_id)
        closed = await self._payments.update(
            payment,
            cause="refused by the provider",
            fields={"status": "closed"},
            unset=["poll_at"],
            expect={"status": "opening"},
        )
        return closed or await self._payments.get(payment.id)

    async def close(self, payment: Payment, attempt: Attempt) -> Payment:
        """Makes the payment unpayable or finds that it is captured. Raises ProviderUnavailable."""
        if payment.ref is None and payment.status in UNPAID:
            payment = await self._asked_again(payment, attempt)
        if payment.ref is None or payment.status not in UNPAID:
            return payment
        return await self._readings.apply(payment, await self.provider(payment.provider).close(payment.ref))

    async def refresh(self, payment: Payment) -> Payment:
        if payment.ref is None:
            return payment
        return await self._readings.apply(payment, await self.provider(payment.provider).read(payment.ref))

    async def learn(self, provider: str, ref: str) -> Payment | None:
        """Reads an object at the provider and applies it. None when it is not one of ours."""
        reading = await self.provider(provider).read(ref)
        payment = await self._payments.find(reading.payment_id) if reading.payment_id else None
        if payment is None or payment.provider != provider:
            return None
        if reading.state == "closed" and payment.ref not in (None, reading.ref):
            # A part of it ended, as an intent may while its session goes on; the whole says what that means.
            return await self.refresh(payment)
        return await self._readings.apply(payment, reading)

    async def due_for_poll(self, limit: int) -> list[Payment]:
        return await self._payments.lease_due("poll_at", limit, self._poll_after)

    async def _asked_again(self, payment: Payment, attempt: Attempt) -> Payment:
        """A process died between asking the provider and keeping its answer.

        Asked with the same key, the provider names the object it made, or refuses once more.
        """
        try:
            payment, _ = await self.open(attempt)
        except PaymentClosed:
            return await self._payments.get(payment.id)
        except ProviderRefused:
            return await self.abandon(attempt)
        return payment

    async def _recorded(self, attempt: Attempt) -> Payment:
        known = await self._payments.find(attempt.charge.payment_id)
        if known is not None:
            return known
        await self._payments.insert(self._document(attempt, "opening"))
        return await self._payments.get(attempt.charge.payment_id)

    def _document(self, attempt: Attempt, status: Literal["opening", "closed"]) -> dict[str, object]:
        charge, now, provider = attempt.charge, self._clock.now(), self.provider(attempt.provider)
        document: dict[str, object] = {
            "_id": charge.payment_id,
            "order_id": charge.order_id,
            "event_id": charge.event_id,
            "n": attempt.n,
            "description": charge.description,
            "provider": attempt.provider,
            "mode": charge.mode,
            "status": status,
            "amount": charge.total.amount,
            "currency": charge.total.currency,
            "account": provider.account,
            "live": provider.live,
            "disposition": None,
            "refunds": [],
            "history": [{"at": now, "cause": "created", "from": None, "to": status}],
            "outbox": [],
            "version": 1,
            "created_at": now,
        }
        if status == "opening":
            document["poll_at"] = now + self._poll_after
        return document


def _as_first_asked(charge: Charge, payment: Payment) -> Charge:
    """Events are renamed, and a provider refuses a key that comes back with another request."""
    return replace(charge, description=payment.description or charge.description)
