"""Orders, payments and totals as live readers get them: whole states, without tickets' codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.accounts.models import Caller
from app.core.clock import Clock, rfc3339
from app.core.errors import NotFound
from app.orders.presenter import Presenter
from app.orders.repository import Orders
from app.orders.service.desk import Desk, Shown
from app.payments.models import Payment
from app.payments.service import PaymentService, Returns

State = dict[str, Any]


class Feed:
    def __init__(
        self,
        orders: Orders,
        payments: PaymentService,
        returns: Returns,
        desk: Desk,
        presenter: Presenter,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._returns = returns
        self._desk = desk
        self._presenter = presenter
        self._clock = clock

    async def orders(self, ids: Sequence[str]) -> dict[str, State]:
        found = await self._orders.many(ids)
        payments: dict[str, list[Payment]] = {}
        for payment in await self._payments.of_orders([o.id for o in found if o.opened or o.paid_by]):
            payments.setdefault(payment.order_id, []).append(payment)
        shown = [Shown(order, payments.get(order.id, ()), for_holder=False) for order in found]
        states = (self._presenter.order(one) for one in shown)
        return {state.id: state.model_dump(mode="json", by_alias=True) for state in states}

    async def own_order(self, order_id: str, secret: str) -> State:
        """For the bearer of an order's secret. Raises NotFound: absent and foreign look the same."""
        await self._desk.show(order_id, Caller(secret=secret))
        states = await self.orders([order_id])
        if order_id not in states:
            raise NotFound
        return states[order_id]

    async def payments(self, ids: Sequence[str]) -> dict[str, State]:
        return {payment.id: _payment(payment) for payment in await self._payments.many(ids)}

    async def totals(self, events: Sequence[str] | None = None) -> State:
        """Places held and sold, and revenue by currency; of some events or of all."""
        places = await self._orders.places_by_status(events)
        revenue = await self._returns.revenue(events)
        return {
            "as_of": rfc3339(self._clock.now()),
            "sold": places.pop("confirmed", 0),
            "held": sum(places.values()),
            "revenue": [
                {
                    "captured": _money(sums["captured"], currency),
                    "refunded": _money(sums["refunded"], currency),
                }
                for currency, sums in sorted(revenue.items())
            ],
        }


def _payment(payment: Payment) -> State:
    return {
        "id": payment.id,
        "order_id": payment.order_id,
        "event_id": payment.event_id,
        "provider": payment.provider,
        "status": payment.shown_status,
        "amount": _money(payment.expected.amount, payment.expected.currency),
        "refunded": _money(payment.refunded, payment.expected.currency),
        "version": payment.version,
    }


def _money(amount: int, currency: str) -> State:
    return {"amount": amount, "currency": currency}
