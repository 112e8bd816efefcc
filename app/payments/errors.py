from __future__ import annotations

from app.core.errors import Conflict, Invalid


class UnknownProvider(Invalid):
    code, title = "unknown_provider", "This payment provider is not enabled"


class RefundExceedsCapture(Conflict):
    code, title = "refund_exceeds_capture", "More than was paid and not yet refunded"


class PaymentOpen(Conflict):
    code, title = "payment_open", "A payment of this order may still be paid"


class PaymentClosed(Conflict):
    code, title = "hold_expired", "This attempt can no longer be paid"
