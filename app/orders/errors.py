from __future__ import annotations

from app.core.errors import Conflict, IllegalTransition

__all__ = ["EventCancelled", "HoldExpired", "IllegalTransition", "LimitExceeded", "NotOnSale"]


class NotOnSale(Conflict):
    code, title = "not_on_sale", "Not on sale now"


class EventCancelled(Conflict):
    code, title = "event_cancelled", "The event is cancelled"


class LimitExceeded(Conflict):
    code, title = "limit_exceeded", "More than one customer or one order may have"


class HoldExpired(Conflict):
    code, title = "hold_expired", "The hold is over"


class RefundClosed(Conflict):
    code, title = "refund_closed", "The time for refunds is over"
