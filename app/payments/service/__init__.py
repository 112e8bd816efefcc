"""The money side of an order. The payment owns money, the order owns places."""

from app.payments.service.applying import Readings
from app.payments.service.returns import Returns
from app.payments.service.sessions import Attempt, PaymentService

__all__ = ["Attempt", "PaymentService", "Readings", "Returns"]
