"""What captured money becomes: kept for tickets, or given back. Said once, then done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from app.core.clock import Clock, pause
from app.core.money import Money
from app.payments.errors import RefundExceedsCapture
from app.payments.models import Disposition, Payment, Refund
from app.payments.providers.base import Provider, ProviderRefused
from app.payments.repository import Payments
from app.payments.service.applying import SETTLE_AFTER, Readings

REFUND_AFTER = timedelta(seconds=5)
REFUND_AT_LEAST_EVERY = timedelta(minutes=10)
REASON = "requested_by_customer"
"""All that providers hear. What somebody typed is nothing to them, and it may be struck out between two
tries, which have to be the same request."""

log = structlog.get_logger("payments")


class Returns:
    def __init__(
        self,
        payments: Payments,
        readings: Readings,
        provider: Callable[[str], Provider],
        clock: Clock,
    ) -> None:
        self._payments = payments
        self._readings = readings
        self._provider = provider
        self._clock = clock

    async def dispose(self, payment: Payment, disposition: Disposition, cause: str) -> Payment:
        """Says once what a captured payment's money became."""
        while payment.disposition is None:
            changed = await self._payments.update(
                payment,
                cause=cause,
                fields={"disposition": disposition},
                unset=["settle_at"],
                expect={"disposition": None},
            )
            payment = changed or await self._payments.get(payment.id)
        return payment

    async def give_back(self, payment: Payment, id: str, reason: str) -> Payment:
        """Disposes of a captured payment by refunding all of it: one write, then the provider."""
        while payment.disposition is None and payment.captured is not None:
            refund = {"id": id, "amount": payment.captured.amount, "reason": reason, "state": "owed"}
            changed = await self._payments.update(
                payment,
                cause=f"refund: {reason}",
                fields={"disposition": "refunded", "refund_at": self._clock.now() + REFUND_AFTER},
                unset=["settle_at"],
                push={"refunds": refund},
                expect={"disposition": None},
            )
            payment = changed or await self._payments.get(payment.id)
        return payment

    async def reserve_refund(self, payment: Payment, id: str, amount: int, reason: str) -> Payment:
        """Sets money aside for a refund, once per id. Raises RefundExceedsCapture."""
        while id not in {refund.id for refund in payment.refunds}:
            if payment.captured is None or payment.refunded + amount > payment.captured.amount:
                raise RefundExceedsCapture
            refund = {"id": id, "amount": amount, "reason": reason, "state": "owed"}
            changed = await self._payments.update(
                payment,
                cause="refund reserved",
                fields={"refund_at": self._clock.now() + REFUND_AFTER},
                push={"refunds": refund},
            )
            payment = changed or await self._payments.get(payment.id)
        return payment

    async def pay_refunds(self, payment: Payment) -> Payment:
        """Asks the provider for every refund owed; asked twice it refunds once.

        One the provider refuses stays owed: a person has to look, and what was decided stands.
        """
        for refund in payment.refunds:
            if refund.state != "owed" or payment.ref is None or payment.captured is None:
                continue
            money = Money(refund.amount, payment.captured.currency)
            provider = self._provider(payment.provider)
            try:
                answer = await provider.refund(payment.ref, refund.id, money, REASON)
            except ProviderRefused as refusal:
                _refused(payment, refund, refusal)
                continue
            if answer.state != "pending":
                payment = await self._readings.refund_ended(payment, refund.id, money, answer.state)
        if any(refund.state == "owed" for refund in payment.refunds):
            now = self._clock.now()
            again = now + pause(now - payment.created_at, REFUND_AFTER * 2, REFUND_AT_LEAST_EVERY)
            await self._payments.postpone(payment, "refund_at", again)
        return payment

    async def due_for_settlement(self, limit: int) -> list[Payment]:
        return await self._payments.lease_due("settle_at", limit, SETTLE_AFTER)

    async def due_for_refund(self, limit: int) -> list[Payment]:
        return await self._payments.lease_due("refund_at", limit, REFUND_AFTER * 2)

    async def revenue(self, events: Sequence[str] | None = None) -> dict[str, dict[str, int]]:
        """Currency -> captured and refunded, in minor units."""
        return await self._payments.revenue(events)


def _refused(payment: Payment, refund: Refund, refusal: ProviderRefused) -> None:
    """Too little on our balance, a dispute, or somebody refunded it at the provider by hand."""
    log.error("refund_refused", alert=True, payment_id=payment.id, refund_id=refund.id, answer=refusal.detail)
