"""What payments tell: the stream ``payment_notifications``."""

from __future__ import annotations

from typing import Literal

from app.core.messages import Message
from app.core.money import Money
from app.payments.models import Payment

STREAM = "payment_notifications"


def told(payment: Payment, what: Literal["succeeded", "failed", "refunded"], money: Money) -> Message:
    return Message(
        STREAM,
        f"payment.{what}",
        payment.id,
        {
            "payment_id": payment.id,
            "order_id": payment.order_id,
            "event_id": payment.event_id,
            "provider": payment.provider,
            "amount": money.amount,
            "currency": money.currency,
            "version": payment.version + 1,
        },
    )
