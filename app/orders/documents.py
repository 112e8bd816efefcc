"""Orders to and from the documents that MongoDB keeps."""

from __future__ import annotations

from typing import Any

from app.accounts.models import Contact
from app.core.money import Money
from app.core.security import Grant
from app.orders.models import Checkout, Document, Item, Order, RefundDue, Ticket


def order_of(document: Document) -> Order:
    payment = document.get("payment")
    customer = document.get("customer")
    grant = Grant(document["key_version"], document["n"])
    return Order(
        id=document["_id"],
        event_id=document["event_id"],
        status=document["status"],
        items=tuple(_item(item) for item in document["items"]),
        units=tuple(document["units"]),
        claims=tuple(document.get("claims", ())),
        limits=tuple(document.get("limits", ())),
        total=Money(document["total"]["amount"], document["total"]["currency"]),
        version=document["version"],
        created_at=document["created_at"],
        caller=document["caller"],
        owner=document.get("owner"),
        contact=Contact(customer["name"], customer["email"], customer.get("phone")) if customer else None,
        grant=grant,
        deadline=document.get("deadline"),
        checkout=_checkout(payment) if payment else None,
        paid_by=document.get("paid_by"),
        expiring_to=document.get("expiring_to"),
        tickets=tuple(_ticket(ticket) for ticket in document.get("tickets", ())),
        refunds_due=tuple(_refund_due(due) for due in document.get("refunds_due", ())),
        refused=tuple(document.get("refused", ())),
        history=tuple(document["history"]),
        idem=document.get("idem", {}),
    )


def document_of(order: Order) -> Document:
    """A new order. Absent fields stay absent: a partial index must not see them."""
    document: Document = {
        "_id": order.id,
        "event_id": order.event_id,
        "kind": "sale",
        "status": order.status,
        "items": [item_document(item) for item in order.items],
        "units": list(order.units),
        "claims": list(order.claims),
        "total": {"amount": order.total.amount, "currency": order.total.currency},
        "caller": order.caller,
        "key_version": order.grant.key_version,
        "n": order.grant.n,
        "version": order.version,
        "created_at": order.created_at,
        "history": list(order.history),
    }
    if order.limits:
        document["limits"] = list(order.limits)
    if order.owner:
        document["owner"] = order.owner
    if order.contact:
        document["customer"] = _without_none(
            {"name": order.contact.name, "email": order.contact.email, "phone": order.contact.phone}
        )
    if order.deadline:
        document["deadline"] = order.deadline
    if order.checkout:
        document["payment"] = checkout_document(order.checkout)
    if order.tickets:
        document["tickets"] = [ticket_document(ticket) for ticket in order.tickets]
    if order.idem:
        document["idem"] = order.idem
    return document


def item_document(item: Item) -> Document:
    document: Document = {
        "ticket_type_id": item.ticket_type_id,
        "name": item.name,
        "quantity": item.quantity,
        "unit_price": item.unit_price,
    }
    if item.seats:
        document["seats"] = list(item.seats)
    return document


def ticket_document(ticket: Ticket) -> Document:
    return {
        "id": ticket.id,
        "unit": ticket.unit,
        "ticket_type_id": ticket.ticket_type_id,
        "price": ticket.price,
        "status": ticket.status,
        "key_version": ticket.grant.key_version,
        "n": ticket.grant.n,
    }


def checkout_document(checkout: Checkout) -> Document:
    return _without_none(
        {"provider": checkout.provider, "n": checkout.n, "mode": checkout.mode, "opened": checkout.opened}
    )


def refund_document(due: RefundDue) -> Document:
    return {
        "id": due.id,
        "payment_id": due.payment_id,
        "amount": due.amount,
        "reason": due.reason,
        "tickets": list(due.tickets),
    }


def _item(document: Document) -> Item:
    return Item(
        document["ticket_type_id"],
        document["name"],
        document["quantity"],
        document["unit_price"],
        tuple(document.get("seats", ())),
    )


def _ticket(document: Document) -> Ticket:
    return Ticket(
        document["id"],
        document["unit"],
        document["ticket_type_id"],
        document["price"],
        document["status"],
        Grant(document["key_version"], document["n"]),
    )


def _checkout(document: Document) -> Checkout:
    return Checkout(
        document["provider"],
        document["n"],
        document["mode"],
        document.get("opened"),
        document.get("replaced"),
    )


def _refund_due(document: Document) -> RefundDue:
    return RefundDue(
        document["id"],
        document["payment_id"],
        document["amount"],
        document["reason"],
        tuple(document["tickets"]),
    )


def _without_none(document: dict[str, Any]) -> Document:
    return {key: value for key, value in document.items() if value is not None}
