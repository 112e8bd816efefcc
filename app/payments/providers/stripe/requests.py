"""What we ask Stripe for. The same charge always makes the same request.

A repeated request under one idempotency key is refused if a parameter differs, so nothing here may
depend on the time of the call.
"""

from __future__ import annotations

from datetime import timedelta

from stripe.params import PaymentIntentCreateParams, RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from app.core.money import Money
from app.payments.providers.base import Charge
from app.payments.providers.stripe.currencies import to_stripe

SESSION_LIFE_PAST_DEADLINE = timedelta(minutes=35)
"""Stripe wants at least 30 minutes from the call. Opening happens before the hold's deadline, so this
leaves 5 minutes for slow calls and skewed clocks. We close the session ourselves long before."""

IMMEDIATE = ["card"]
"""Methods that settle while the buyer waits. A hold cannot wait days for a bank transfer."""
_LONGEST_NAME = 250


def session_params(charge: Charge) -> SessionCreateParams:
    metadata = _metadata(charge)
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": charge.total.currency.lower(),
                    "unit_amount": to_stripe(charge.total),
                    "product_data": {"name": charge.description[:_LONGEST_NAME]},
                },
            }
        ],
        "allowed_payment_method_types": IMMEDIATE,
        # Stripe may otherwise charge in the buyer's own currency, and captured must equal the total.
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": charge.payment_id,
        "expires_at": int((charge.expires_at + SESSION_LIFE_PAST_DEADLINE).timestamp()),
        "success_url": charge.return_url,
        "cancel_url": charge.return_url,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": charge.description},
    }
    if charge.email:
        params["customer_email"] = charge.email
    return params


def intent_params(charge: Charge) -> PaymentIntentCreateParams:
    params: PaymentIntentCreateParams = {
        "amount": to_stripe(charge.total),
        "currency": charge.total.currency.lower(),
        "allowed_payment_method_types": IMMEDIATE,
        "description": charge.description,
        "metadata": _metadata(charge),
    }
    if charge.email:
        params["receipt_email"] = charge.email
    return params


def refund_params(intent: str, refund_id: str, amount: Money, reason: str) -> RefundCreateParams:
    """Our reason is metadata: Stripe's own ``reason`` is a closed list with side effects."""
    return {
        "payment_intent": intent,
        "amount": to_stripe(amount),
        "metadata": {"refund_id": refund_id, "reason": reason[:500]},
    }


def _metadata(charge: Charge) -> dict[str, str]:
    return {"payment_id": charge.payment_id, "order_id": charge.order_id, "event_id": charge.event_id}
