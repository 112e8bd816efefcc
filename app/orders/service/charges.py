"""What an order asks its provider to charge."""

from __future__ import annotations

from datetime import timedelta

from app.catalogue.service import Catalogue
from app.orders.models import Order
from app.payments.models import payment_id
from app.payments.providers.base import Charge
from app.payments.service import Attempt

LONG = timedelta(minutes=30)


class Charges:
    def __init__(self, catalogue: Catalogue, public_url: str) -> None:
        self._catalogue = catalogue
        self._public_url = public_url.rstrip("/")

    def checkout_url(self, order: Order) -> str:
        """Ours: the first visit opens the provider's session."""
        return f"{self._public_url}/checkout/{order.id}"

    async def attempt(self, order: Order) -> Attempt:
        """The order's current attempt, the same however often it is asked for."""
        assert order.checkout is not None
        event = await self._catalogue.cached(order.event_id)
        charge = Charge(
            payment_id=payment_id(order.id, order.checkout.n),
            order_id=order.id,
            event_id=order.event_id,
            description=f"{event.name} ({order.code})",
            total=order.total,
            expires_at=(order.checkout.opened or order.created_at) + LONG,
            return_url=f"{self._public_url}/orders/{order.id}",
            mode=order.checkout.mode,
        )
        return Attempt(charge, order.checkout.n, order.checkout.provider)
