"""Moving a payment towards what its provider says. Monotone: old news changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import structlog

from app.core.clock import Clock
from app.core.errors import Transient
from app.core.money import Money
from app.payments.messages import told
from app.payments.models import UNPAID, Payment
from app.payments.providers.base import Reading
from app.payments.repository import Payments

log = structlog.get_logger("payments")

SETTLE_AFTER = timedelta(seconds=5)
TRIES = 10


class Readings:
    def __init__(self, payments: Payments, clock: Clock) -> None:
        self._payments = payments
        self._clock = clock

    async def apply(self, payment: Payment, reading: Reading) -> Payment:
        """Raises Transient when others keep changing it."""
        for _ in range(TRIES):
            changed = await self._apply_once(payment, reading)
            if changed is not None:
                return changed
            payment = await self._payments.get(payment.id)
        raise Transient("the payment keeps changing")

    async def _apply_once(self, payment: Payment, reading: Reading) -> Payment | None:
        """None when somebody else changed it meanwhile."""
        if reading.state == "captured" and payment.status != "captured":
            return await self._captured(payment, reading)
        if reading.state == "captured":
            return await self._refunds_seen(payment, reading)
        if reading.state == "closed" and payment.status in UNPAID:
            return await self._payments.update(
                payment,
                cause="closed at the provider",
                fields={"status": "closed"} | _named(payment, reading),
                unset=["poll_at"],
            )
        if reading.state == "failed" and payment.status in ("opening", "open"):
            return await self._payments.update(
                payment,
                cause="declined",
                fields={"status": "failed"} | _named(payment, reading),
                messages=[told(payment, "failed", payment.expected)],
            )
        return payment

    async def _captured(self, payment: Payment, reading: Reading) -> Payment | None:
        now = self._clock.now()
        money = reading.captured or Money(0, payment.expected.currency)
        fields: dict[str, object] = {
            "status": "captured",
            **_named(payment, reading),
            "captured": {"amount": money.amount, "currency": money.currency, "at": now},
            "settle_at": now + SETTLE_AFTER,
        }
        mismatch = _mismatch(payment, reading, money)
        if mismatch:
            fields["disposition"] = "quarantined"
            fields["quarantine"] = mismatch
        changed = await self._payments.update(
            payment,
            cause=f"quarantined: {mismatch}" if mismatch else "captured",
            fields=fields if not mismatch else {k: v for k, v in fields.items() if k != "settle_at"},
            unset=["poll_at"],
            messages=[] if mismatch else [told(payment, "succeeded", money)],
        )
        if changed and mismatch:
            log.error("payment_quarantined", alert=True, payment_id=payment.id, mismatch=mismatch)
        return changed

    async def _refunds_seen(self, payment: Payment, reading: Reading) -> Payment | None:
        """A refund whose answer we never got is found done in the reading."""
        known = {refund.id: refund for refund in payment.refunds}
        for seen in reading.refunds:
            ours = known.get(seen.refund_id)
            if ours is not None and ours.state == "owed" and seen.state != "pending":
                money = Money(ours.amount, payment.expected.currency)
                payment = await self.refund_ended(payment, ours.id, money, seen.state)
        return payment

    async def refund_ended(
        self, payment: Payment, id: str, money: Money, state: Literal["done", "failed"]
    ) -> Payment:
        while any(refund.id == id and refund.state == "owed" for refund in payment.refunds):
            others_owed = any(r.state == "owed" and r.id != id for r in payment.refunds)
            changed = await self._payments.update(
                payment,
                cause=f"refund {state}",
                fields={"refunds.$[one].state": state},
                unset=[] if others_owed else ["refund_at"],
                messages=[told(payment, "refunded", money)] if state == "done" else [],
                array_filters=[{"one.id": id}],
            )
            if changed and state == "failed":
                log.error("refund_failed", alert=True, payment_id=payment.id, refund_id=id)
            payment = changed or await self._payments.get(payment.id)
        return payment


def _named(payment: Payment, reading: Reading) -> dict[str, object]:
    """The provider's name for it, if we had none: a notice may name another of its objects."""
    return {} if payment.ref else {"ref": reading.ref}


def _mismatch(payment: Payment, reading: Reading, money: Money) -> str | None:
    """Why captured money is not the money we asked for."""
    if money.currency != payment.expected.currency:
        return "currency"
    if money.amount != payment.expected.amount:
        return "amount"
    if payment.account and reading.account and reading.account != payment.account:
        return "account"
    if reading.live != payment.live:
        return "live mode"
    return None
