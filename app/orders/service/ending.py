"""Ending a pending order: at once when no session was ever opened, else behind the provider's fence.

``expiring`` keeps the units until the provider has said that its session is closed. What the order then
becomes (expired, failed or cancelled) was decided when the ending began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from app.core.clock import Clock
from app.core.messages import Message
from app.core.mongo import Document
from app.orders import messages
from app.orders.models import Order, Status
from app.orders.repository import Orders
from app.orders.service.charges import Charges
from app.orders.service.places import Places
from app.payments.models import Payment
from app.payments.service import PaymentService

CHECK_AGAIN = timedelta(seconds=3)
ENDED_FIELDS = ("claims", "limits", "deadline", "check_at", "expiring_to")


class Ending:
    def __init__(
        self, orders: Orders, payments: PaymentService, charges: Charges, places: Places, clock: Clock
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._charges = charges
        self._places = places
        self._clock = clock

    async def begin(
        self,
        order: Order,
        to: Status,
        *,
        cause: str,
        by: str,
        key: str | None = None,
        told: Sequence[Message] = (),
    ) -> Order | None:
        """Towards ``to``: there at once, or by way of ``expiring``. None when the order has moved."""
        if not order.opened:
            never_opened: Document = {"payment.opened": {"$exists": False}}
            return await self._end(order, to, cause=cause, by=by, key=key, expect=never_opened, told=told)
        return await self._orders.move(
            order,
            "expiring",
            cause=cause,
            by=by,
            key=key,
            fields={"expiring_to": to, "check_at": self._clock.now()},
            unset=["deadline"],
            messages=[*messages.told(order, order.status, "expiring", order.units), *told],
        )

    async def close_session(self, order: Order) -> Payment:
        """The order's current payment, closed or captured. Raises ProviderUnavailable.

        An attempt nobody recorded is recorded as closed: a process that stopped between opening the
        order and recording the attempt then finds that it must not ask the provider.
        """
        attempt = await self._charges.attempt(order)
        payment = await self._payments.find(attempt.charge.payment_id)
        if payment is None:
            payment = await self._payments.refuse_to_open(attempt)
        return await self._payments.close(payment, attempt)

    async def finish(self, order: Order, *, cause: str) -> Order | None:
        """Nothing can pay an expiring order any more: its units come free. None when it has moved."""
        return await self._end(order, order.expiring_to or "failed", cause=cause, by="provider")

    async def fail(self, order: Order, cause: str) -> Order | None:
        """The current attempt can never be paid and nobody else asked for an end: places come free."""
        return await self._end(order, "failed", cause=cause, by="provider")

    async def _end(
        self,
        order: Order,
        to: Status,
        *,
        cause: str,
        by: str,
        key: str | None = None,
        expect: Document | None = None,
        told: Sequence[Message] = (),
    ) -> Order | None:
        ended = await self._orders.move(
            order,
            to,
            cause=cause,
            by=by,
            key=key,
            unset=ENDED_FIELDS,
            expect=expect,
            messages=[*messages.told(order, order.status, to, order.units), *told],
        )
        if ended is not None:
            await self._places.released(order.event_id, [ended])
        return ended
