"""What the owner of an order, or staff for them, may ask: show it, cancel it, refund it, pay again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from app.accounts.audit import deed
from app.accounts.models import Caller
from app.catalogue.service import Catalogue
from app.core.clock import Clock
from app.core.errors import KeyReused, NotFound, Transient
from app.core.idempotency import body_hash
from app.core.messages import Message
from app.core.pagination import PageRequest
from app.core.security import KeyRing
from app.orders.errors import IllegalTransition, RefundClosed
from app.orders.models import Order
from app.orders.person import Person
from app.orders.repository import Orders
from app.orders.service.checkout import CheckoutService
from app.orders.service.ending import Ending
from app.orders.service.refunds import Refunds
from app.orders.service.settlement import Settlement
from app.payments.errors import RefundExceedsCapture
from app.payments.models import Payment
from app.payments.service import PaymentService

TRIES = 5
SECRET_KIND = "order"  # noqa: S105 — names what the secret is for.


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand moves the order, the mark of their key, and what the audit hears of it."""

    by: str
    key: str | None
    told: tuple[Message, ...]


Step = Callable[[Order, Hand], Awaitable[Order | None]]


@dataclass(frozen=True, slots=True)
class Shown:
    """An order with the payments it had. ``for_holder``: whoever asked may see the tickets' codes."""

    order: Order
    payments: Sequence[Payment] = ()
    for_holder: bool = True
    replayed: bool = False
    client_secret: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Who acts, under which key. ``body`` is the request's canonical text."""

    caller: Caller
    key: str | None
    body: str = ""


class Desk:
    def __init__(
        self,
        orders: Orders,
        payments: PaymentService,
        catalogue: Catalogue,
        checkout: CheckoutService,
        ending: Ending,
        settlement: Settlement,
        refunds: Refunds,
        clock: Clock,
        ring: KeyRing,
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._catalogue = catalogue
        self._checkout = checkout
        self._ending = ending
        self._settlement = settlement
        self._refunds = refunds
        self._clock = clock
        self._ring = ring

    async def show(self, order_id: str, caller: Caller) -> Shown:
        """Raises NotFound for an order that is absent or not the caller's."""
        order = await self._find(order_id, caller)
        return await self._shown(order, caller)

    async def mine(self, caller: Caller, page: PageRequest) -> list[Order]:
        assert caller.user_id is not None
        return await self._orders.of_person(Person(caller.user_id), page.after, page.limit)

    async def cancel(self, order_id: str, action: Action) -> Shown:
        """Pending: ends it. Confirmed: refunds it, for its owner while the event's policy allows."""

        async def step(order: Order, hand: Hand) -> Order | None:
            if order.status == "pending":
                return await self._ending.begin(
                    order, "cancelled", cause="cancelled", by=hand.by, key=hand.key, told=hand.told
                )
            if order.status != "confirmed" or any(t.status == "admitted" for t in order.tickets):
                raise IllegalTransition(state=order.status)
            await self._check_policy(order, action.caller)
            return await self._refunds.cancel(
                order, reason="cancelled", by=hand.by, cause="cancelled", key=hand.key, told=hand.told
            )

        return await self._act("cancel", order_id, action, step)

    async def refund(
        self,
        order_id: str,
        action: Action,
        *,
        tickets: Sequence[str] | None,
        amount: int | None,
        reason: str,
    ) -> Shown:
        """Some tickets, an amount (staff only), or everything. Raises as its parts do."""

        async def step(order: Order, hand: Hand) -> Order | None:
            by, key, told = hand.by, hand.key, hand.told
            if order.status != "confirmed":
                raise IllegalTransition(state=order.status)
            await self._check_policy(order, action.caller)
            if amount is not None:
                if not action.caller.oversees_event(order.event_id):
                    raise RefundClosed("an amount of their own choice only staff may refund")
                return await self._refunds.amount(order, amount, reason=reason, by=by, key=key, told=told)
            valid = [ticket.id for ticket in order.tickets if ticket.status == "valid"]
            if tickets is None or set(valid) == set(tickets):
                if not valid:
                    raise RefundExceedsCapture
                return await self._refunds.cancel(order, reason=reason, by=by, key=key, told=told)
            return await self._refunds.part(order, tickets, reason=reason, by=by, key=key, told=told)

        asked = {"tickets": list(tickets) if tickets is not None else None, "amount": amount}
        return await self._act("refunds", order_id, action, step, asked)

    async def retry_payment(
        self, order_id: str, action: Action, *, provider: str, client_secret: bool
    ) -> Shown:
        async def step(order: Order, hand: Hand) -> Order | None:
            if order.status != "pending":
                raise IllegalTransition(state=order.status)
            return await self._checkout.retry(
                order, provider, client_secret, by=hand.by, key=hand.key, told=hand.told
            )

        shown = await self._act("payments", order_id, action, step, {"provider": provider})
        return await self.with_client_secret(shown)

    async def with_client_secret(self, shown: Shown) -> Shown:
        """Opens the session at once where the client asked for its secret."""
        order = shown.order
        if order.status != "pending" or order.checkout is None or order.checkout.mode != "client_secret":
            return shown
        order, session = await self._checkout.open(order.id)
        payments = await self._payments.of_order(order.id)
        return Shown(order, payments, shown.for_holder, shown.replayed, session.client_secret)

    async def shown_to_holder(self, order: Order) -> Shown:
        """For a replayed booking: the order as it is now."""
        return Shown(order, await self._payments.of_order(order.id))

    def secret(self, order: Order) -> str:
        """What lets a guest come back to their order."""
        return self._ring.secret(SECRET_KIND, order.id, order.grant)

    def may_see(self, order: Order, caller: Caller) -> bool:
        return caller.oversees_event(order.event_id) or self._holds(order, caller)

    async def _act(
        self,
        name: str,
        order_id: str,
        action: Action,
        step: Step,
        asked: Mapping[str, object] | None = None,
    ) -> Shown:
        """One step under its idempotency key; then what follows from it, as far as it goes now."""
        key = body_hash(action.caller.key, action.key) if action.key else None
        mark = f"{key}:{name}:{body_hash(action.body)}" if key else None
        for _ in range(TRIES):
            order = await self._find(order_id, action.caller)
            if key and mark and _used(order, key, mark):
                return await self._shown(order, action.caller, replayed=True)
            if (moved := await step(order, self._hand(name, order, action.caller, mark, asked))) is not None:
                return await self._shown(await self._follow(moved), action.caller)
        raise Transient("the order keeps changing")

    def _hand(
        self,
        name: str,
        order: Order,
        caller: Caller,
        mark: str | None,
        asked: Mapping[str, object] | None,
    ) -> Hand:
        """The audit hears of staff, also where the order is their own, and of nobody else."""
        if not caller.oversees_event(order.event_id):
            return Hand(caller.user_id or "guest", mark, ())
        told = deed(caller, f"order.{name}", order.id, before={"status": order.status}, after=asked)
        return Hand(caller.key, mark, (told,))

    async def _follow(self, order: Order) -> Order:
        """What the sweepers would do in a moment. A provider that is away leaves it to them."""
        try:
            if order.status == "expiring":
                await self._settlement.resolve(order)
            elif order.refunds_due:
                await self._refunds.pay(order)
        except Transient:
            return order
        return await self._orders.find(order.id) or order

    async def _check_policy(self, order: Order, caller: Caller) -> None:
        """Until the event's ``refund_until``, or its beginning where it names none. Staff always."""
        if caller.oversees_event(order.event_id):
            return
        event = await self._catalogue.fresh(order.event_id)
        if self._clock.now() >= (event.refund_until or event.starts_at):
            raise RefundClosed

    async def _find(self, order_id: str, caller: Caller) -> Order:
        order = await self._orders.find(order_id)
        if order is None or not self.may_see(order, caller):
            raise NotFound
        return order

    def _holds(self, order: Order, caller: Caller) -> bool:
        if caller.secret is not None:
            return self._ring.verify(caller.secret, SECRET_KIND, order.id, order.grant)
        return caller.user_id is not None and caller.user_id == order.owner

    async def _shown(self, order: Order, caller: Caller, replayed: bool = False) -> Shown:
        payments = await self._payments.of_order(order.id) if order.opened or order.paid_by else ()
        return Shown(order, payments, self._holds(order, caller), replayed)


def _used(order: Order, key: str, mark: str) -> bool:
    """Whether this very action is in the history. Raises KeyReused for the key with another body."""
    for entry in order.history:
        if entry.get("key") == mark:
            return True
        if str(entry.get("key", "")).startswith(f"{key}:"):
            raise KeyReused
    return False
