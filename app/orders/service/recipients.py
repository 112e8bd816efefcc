"""Who hears of an order: its guest at the address they gave, or its owner at their account's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from app.accounts.models import Contact
from app.core.errors import NotFound
from app.orders.models import Order
from app.orders.repository import Orders
from app.orders.service.desk import Desk


@dataclass(frozen=True, slots=True)
class Recipient:
    """``secret`` brings a guest back to the order; an owner signs in."""

    order: Order
    email: str = field(repr=False)
    secret: str | None = field(repr=False)


class Recipients:
    def __init__(self, orders: Orders, desk: Desk, find_contact: Callable[[str], Awaitable[Contact]]) -> None:
        self._orders = orders
        self._desk = desk
        self._find_contact = find_contact

    async def of(self, order_id: str) -> Recipient | None:
        """None where nobody is left to tell: the person was erased."""
        order = await self._orders.find(order_id)
        if order is None:
            return None
        if order.contact is not None:
            secret = None if order.owner else self._desk.secret(order)
            return Recipient(order, order.contact.email, secret)
        if order.owner is None:
            return None
        try:
            contact = await self._find_contact(order.owner)
        except NotFound:
            return None
        return Recipient(order, contact.email, None)
