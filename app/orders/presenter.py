"""An order as its readers may see it."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.money import Money
from app.core.schemas import MoneyOut
from app.core.security import KeyRing
from app.orders.models import Order, Ticket
from app.orders.schemas import HistoryOut, ItemOut, OrderOut, PaymentOut, RefundOut, TicketOut
from app.orders.service.charges import Charges
from app.orders.service.desk import Shown
from app.payments.models import Payment

TICKET_KIND = "ticket"
ADMITTING = ("valid", "admitted", "listed")


class Presenter:
    def __init__(self, ring: KeyRing, charges: Charges) -> None:
        self._ring = ring
        self._charges = charges

    def order(self, shown: Shown, secret: str | None = None) -> OrderOut:
        order = shown.order
        currency = order.total.currency
        return OrderOut(
            id=order.id,
            code=order.code,
            event_id=order.event_id,
            status=order.status,
            items=[_item(order, index) for index in range(len(order.items))],
            units=list(order.units),
            total=MoneyOut.of(order.total),
            created_at=order.created_at,
            expires_at=order.deadline,
            payment=self._payment(order, shown.payments, shown.client_secret),
            tickets=[self._ticket(ticket, shown.for_holder) for ticket in order.tickets],
            refunds=_refunds(order, shown.payments, currency),
            history=[
                HistoryOut(at=e["at"], from_=e["from"], to=e["to"], cause=e["cause"], by=_actor(e["by"]))
                for e in order.history
            ],
            version=order.version,
            secret=secret,
        )

    def _payment(
        self, order: Order, payments: Sequence[Payment], client_secret: str | None
    ) -> PaymentOut | None:
        if order.checkout is None:
            return None
        relevant = [p for p in payments if p.id == order.paid_by] or [
            p for p in payments if p.n == order.checkout.n
        ]
        return PaymentOut(
            provider=relevant[0].provider if relevant else order.checkout.provider,
            status=relevant[0].shown_status if relevant else "unopened",
            checkout_url=self._charges.checkout_url(order)
            if order.status == "pending" and order.checkout.mode == "page"
            else None,
            client_secret=client_secret,
        )

    def _ticket(self, ticket: Ticket, for_holder: bool) -> TicketOut:
        show = for_holder and ticket.status in ADMITTING
        return TicketOut(
            id=ticket.id,
            unit=ticket.unit,
            ticket_type_id=ticket.ticket_type_id,
            status=ticket.status,
            code=self._ring.secret(TICKET_KIND, ticket.id, ticket.grant) if show else None,
        )


def _item(order: Order, index: int) -> ItemOut:
    item = order.items[index]
    return ItemOut(
        ticket_type_id=item.ticket_type_id,
        name=item.name,
        quantity=item.quantity,
        unit_price=MoneyOut.of(Money(item.unit_price, order.total.currency)),
        seat_ids=[unit[2:] for unit in item.seats],
    )


def _refunds(order: Order, payments: Sequence[Payment], currency: str) -> list[RefundOut]:
    """Those the payments have, and those the order owes that no payment has set aside yet."""
    known = [refund for payment in payments for refund in payment.refunds]
    ids = {refund.id for refund in known}
    owed = [due for due in order.refunds_due if due.id not in ids]
    return [
        RefundOut(
            id=r.id, amount=MoneyOut(amount=r.amount, currency=currency), reason=r.reason, status=r.state
        )
        for r in known
    ] + [
        RefundOut(
            id=d.id, amount=MoneyOut(amount=d.amount, currency=currency), reason=d.reason, status="owed"
        )
        for d in owed
    ]


def _actor(by: str) -> str:
    """Guests are named by a hash of their address inside; outside they are guests."""
    return "guest" if by.startswith("guest:") else by
