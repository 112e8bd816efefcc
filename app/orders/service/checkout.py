"""Paying: the provider's session is opened on the first visit, not before.

Opening is decided by one compare-and-set against the deadline. An order never opened ends in one write,
so its places do not wait for a provider that was never asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.clock import Clock
from app.core.errors import NotFound, Transient
from app.core.messages import Message
from app.core.mongo import Document
from app.orders import messages
from app.orders.documents import checkout_document
from app.orders.errors import HoldExpired, IllegalTransition
from app.orders.models import Checkout, Mode, Order
from app.orders.repository import BEFORE_DEADLINE, Orders
from app.orders.service.charges import Charges
from app.orders.service.ending import Ending
from app.orders.service.settlement import Settlement
from app.payments.errors import PaymentOpen
from app.payments.providers.base import ProviderRefused, Reading, Session
from app.payments.providers.sandbox.charges import Outcome
from app.payments.providers.sandbox.provider import SandboxProvider
from app.payments.service import PaymentService

TRIES = 5
ATTEMPTS = 50
"""To pay for one order. Each adds to its history, and a document has an end."""


class CheckoutService:
    def __init__(
        self,
        orders: Orders,
        payments: PaymentService,
        charges: Charges,
        ending: Ending,
        settlement: Settlement,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._charges = charges
        self._ending = ending
        self._settlement = settlement
        self._clock = clock

    async def open(self, order_id: str) -> tuple[Order, Session]:
        """The order's session, opened by the first caller and found by all others.

        Raises NotFound, HoldExpired, IllegalTransition (nothing to pay), ProviderUnavailable.
        """
        order = await self._opened(order_id)
        attempt = await self._charges.attempt(order)
        try:
            _, session = await self._payments.open(attempt)
        except ProviderRefused:
            payment = await self._payments.abandon(attempt)
            if payment.status == "closed":  # One that is open may still be paid: its places stay held.
                await self._ending.fail(order, "the provider refused the payment")
            raise
        return order, session

    async def settle_in_sandbox(self, order_id: str, outcome: Outcome) -> Reading:
        """What a person would do on the sandbox's page. NotFound for orders of real providers."""
        order, session = await self.open(order_id)
        assert order.checkout is not None
        provider = self._payments.provider(order.checkout.provider)
        if not isinstance(provider, SandboxProvider):
            raise NotFound
        return await provider.settle(session.ref, outcome)

    async def retry(
        self,
        order: Order,
        provider: str,
        client_secret: bool,
        *,
        by: str,
        key: str | None,
        told: Sequence[Message] = (),
    ) -> Order | None:
        """A new attempt, after the one before is closed. None when the order has moved.

        Raises HoldExpired, PaymentOpen, and as ``open``.
        """
        self._payments.provider(provider)
        if order.checkout is not None and order.checkout.n >= ATTEMPTS:
            raise IllegalTransition("there were too many attempts to pay for this order", state=order.status)
        if order.opened:
            replacing = await self._replacing(order, by)
            if replacing is None:
                return None
            order = replacing
            payment = await self._ending.close_session(order)
            if payment.status == "captured":
                await self._settlement.follow(payment)
                raise IllegalTransition("it is paid already", state=order.status)
            if payment.status != "closed":
                raise PaymentOpen
        mode: Mode = "client_secret" if client_secret else "page"
        assert order.checkout is not None
        checkout = Checkout(provider, order.checkout.n + 1, mode)
        moved = await self._orders.move(
            order,
            "pending",
            cause="payment tried again",
            by=by,
            key=key,
            fields={"payment": checkout_document(checkout)},
            unset=["check_at"],
            expect=BEFORE_DEADLINE,
            messages=[*messages.told(order, "pending", "pending", order.units), *told],
        )
        if moved is None and order.deadline is not None and order.deadline <= self._clock.now():
            raise HoldExpired
        return moved

    async def _replacing(self, order: Order, by: str) -> Order | None:
        """Says that the session is closed for the next one: news of its end must not end the order."""
        if order.replacing:
            return order
        return await self._orders.move(
            order,
            "pending",
            cause="payment to be tried again",
            by=by,
            fields={"payment.replaced": self._clock.now()},
        )

    async def _opened(self, order_id: str) -> Order:
        for _ in range(TRIES):
            order = await self._orders.find(order_id)
            if order is None:
                raise NotFound
            if order.status != "pending" or order.checkout is None:
                raise _not_payable(order)
            if order.opened:
                return order
            fields: Document = {"payment.opened": self._clock.now(), "check_at": order.deadline}
            opened = await self._orders.move(
                order,
                "pending",
                cause="payment opened",
                by="customer",
                fields=fields,
                expect=BEFORE_DEADLINE,
            )
            if opened is not None:
                return opened
            if order.deadline and order.deadline <= self._clock.now():
                raise HoldExpired
        raise Transient("the order keeps changing")


def _not_payable(order: Order) -> Exception:
    if order.status in ("expired", "expiring", "failed"):
        return HoldExpired(state=order.status)
    return IllegalTransition(state=order.status)
