"""Giving money and places back: a whole order, some of its tickets, or an amount.

The order decides (tickets void, claim dropped, money owed) in one write; then the payment sets the money
aside, the provider pays, and both are closed. Any of it repeated does nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.core.clock import Clock, pause
from app.core.each import each
from app.core.errors import Invalid, StaleVersion
from app.core.ids import derived_id
from app.core.messages import Message
from app.orders import messages
from app.orders.documents import refund_document
from app.orders.models import Order, RefundDue, Ticket
from app.orders.repository import Orders
from app.orders.service.places import Places
from app.payments.errors import RefundExceedsCapture
from app.payments.models import Payment
from app.payments.service import PaymentService, Returns

log = structlog.get_logger("orders")

AGAIN = timedelta(seconds=5)
AT_LEAST_EVERY = timedelta(minutes=10)
REQUESTED = "refund requested"
"""What the history says. The reason somebody typed stays with the refund, where it can be struck out."""


class Refunds:
    def __init__(
        self, orders: Orders, payments: PaymentService, returns: Returns, places: Places, clock: Clock
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._returns = returns
        self._places = places
        self._clock = clock

    async def cancel(
        self,
        order: Order,
        *,
        reason: str,
        by: str,
        cause: str = REQUESTED,
        key: str | None = None,
        told: Sequence[Message] = (),
    ) -> Order | None:
        """A confirmed order ends: all its places and all money not yet returned. None when it has moved."""
        owed = await self._owed(order, [t for t in order.tickets if t.status == "valid"], None, reason)
        cancelled = await self._orders.move(
            order,
            "cancelled",
            cause=cause,
            by=by,
            key=key,
            fields=self._fields(owed),
            unset=["claims", "limits"],
            push=_pushed(owed),
            messages=[*messages.told(order, order.status, "cancelled", order.claims), *told],
            array_filters=[{"ticket.status": "valid"}],
        )
        if cancelled is not None:
            # Not all its units: one whose ticket was refunded before may be somebody else's by now.
            await self._places.units_released(order.event_id, [order.id], order.claims)
        return cancelled

    async def part(
        self,
        order: Order,
        ticket_ids: Sequence[str],
        *,
        reason: str,
        by: str,
        key: str | None = None,
        told: Sequence[Message] = (),
    ) -> Order | None:
        """Some tickets of a confirmed order, not all. None when it has moved. Raises Invalid."""
        chosen = [ticket for ticket in order.tickets if ticket.id in set(ticket_ids)]
        if len(chosen) != len(ticket_ids) or any(ticket.status != "valid" for ticket in chosen):
            raise _wrong("tickets", "not valid tickets of this order")
        units = tuple(ticket.unit for ticket in chosen)
        owed = await self._owed(order, chosen, None, reason)
        moved = await self._orders.move(
            order,
            order.status,
            cause=REQUESTED,
            by=by,
            key=key,
            fields=self._fields(owed),
            push=_pushed(owed),
            pull_all={"claims": list(units), "limits": list(order.limits[: len(units)])},
            messages=[
                *messages.told(order, order.status, order.status, order.units),
                messages.unlocked(order, units),
                *told,
            ],
            array_filters=[{"ticket.id": {"$in": list(ticket_ids)}}],
        )
        if moved is not None:
            await self._places.units_released(order.event_id, [order.id], units)
        return moved

    async def amount(
        self,
        order: Order,
        amount: int,
        *,
        reason: str,
        by: str,
        key: str | None = None,
        told: Sequence[Message] = (),
    ) -> Order | None:
        """Money only. None when the order has moved. Raises RefundExceedsCapture."""
        owed = await self._owed(order, [], amount, reason)
        return await self._orders.move(
            order,
            order.status,
            cause=REQUESTED,
            by=by,
            key=key,
            fields={"refund_at": self._clock.now() + AGAIN},
            push=_pushed(owed),
            messages=[*messages.told(order, order.status, order.status, order.units), *told],
        )

    async def pay(self, order: Order) -> Order:
        """Pays what an order owes. Raises ProviderUnavailable: the sweeper calls again.

        A refund that failed for good at the provider stays owed and is seen by ``usher check``: a person
        has to find another way to pay it.
        """
        for due in order.refunds_due:
            payment = await self._payments.find(due.payment_id)
            if payment is None:
                raise StaleVersion("the payment of a refund is missing")
            try:
                payment = await self._returns.reserve_refund(payment, due.id, due.amount, due.reason)
            except RefundExceedsCapture:
                log.error("refund_exceeds_capture", alert=True, order_id=order.id, refund_id=due.id)
                order = await self._close(order, due, "refund impossible: exceeds what was paid", None)
                continue
            payment = await self._returns.pay_refunds(payment)
            state = next(refund.state for refund in payment.refunds if refund.id == due.id)
            if state == "done":
                order = await self._close(order, due, "refund done", "refunded")
        if order.refunds_due:
            now = self._clock.now()
            again = now + pause(now - order.created_at, AGAIN, AT_LEAST_EVERY)
            await self._orders.postpone(order, "refund_at", again)
        return order

    async def sweep(self, limit: int) -> int:
        leased = [order async for order in self._orders.leased("refund_at", AGAIN, limit)]
        return await each(leased, self.pay, "order_refund")

    async def _owed(
        self, order: Order, tickets: Sequence[Ticket], amount: int | None, reason: str
    ) -> RefundDue | None:
        """What this refund comes to. ``amount`` None: the tickets' prices, all that is left if all go."""
        if order.paid_by is None:
            if amount is not None:
                raise RefundExceedsCapture
            return None
        payment = await self._payments.find(order.paid_by)
        if payment is None or payment.captured is None:
            raise StaleVersion("the payment is not readable")
        left = _left(order, payment)
        if amount is None:
            all_go = all(ticket in tickets or ticket.status != "valid" for ticket in order.tickets)
            amount = left if all_go else min(left, sum(ticket.price for ticket in tickets))
        if amount > left:
            raise RefundExceedsCapture(left=left)
        if amount == 0:
            return None
        refund_id = derived_id("ref", payment.id, "order", order.version)
        return RefundDue(refund_id, payment.id, amount, reason, tuple(ticket.id for ticket in tickets))

    def _fields(self, owed: RefundDue | None) -> dict[str, object]:
        """Tickets nobody paid for are void at once; the others wait for the provider."""
        if owed is None:
            return {"tickets.$[ticket].status": "refunded"}
        return {"tickets.$[ticket].status": "refunding", "refund_at": self._clock.now() + AGAIN}

    async def _close(self, order: Order, due: RefundDue, cause: str, ticket_status: str | None) -> Order:
        """The refund is over: the order forgets that it owes it."""
        while due in order.refunds_due:
            moved = await self._orders.move(
                order,
                order.status,
                cause=cause,
                by="provider",
                fields={"tickets.$[ticket].status": ticket_status} if ticket_status else {},
                unset=["refund_at"] if len(order.refunds_due) == 1 else [],
                pull={"refunds_due": {"id": due.id}},
                messages=messages.told(order, order.status, order.status, order.units),
                array_filters=[{"ticket.id": {"$in": list(due.tickets)}}] if ticket_status else [],
            )
            if moved is None:
                moved = await self._orders.find(order.id)
            assert moved is not None
            order = moved
        return order


def _left(order: Order, payment: Payment) -> int:
    """Captured, less what is refunded or on its way, each refund counted once."""
    assert payment.captured is not None
    refunds = {refund.id: refund.amount for refund in payment.refunds if refund.state != "failed"}
    refunds |= {due.id: due.amount for due in order.refunds_due}
    return payment.captured.amount - sum(refunds.values())


def _pushed(owed: RefundDue | None) -> dict[str, object]:
    return {"refunds_due": refund_document(owed)} if owed else {}


def _wrong(name: str, message: str) -> Invalid:
    return Invalid(message, errors=[{"loc": ["body", name], "msg": message, "type": "value_error"}])
