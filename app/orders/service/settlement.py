"""What becomes of captured money: tickets, or one refund, and nothing else.

Each step is one idempotent write: payment captured -> order confirmed -> payment disposed of. A crash
between two leaves what the next call, from a webhook, the poll or the sweeper, continues from.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import structlog

from app.catalogue.models import Event
from app.catalogue.service import Catalogue
from app.core.clock import Clock
from app.core.each import each
from app.core.errors import Transient
from app.core.mongo import DuplicateKeyError, duplicate_of
from app.orders import messages
from app.orders.documents import ticket_document
from app.orders.models import Order, issue_tickets
from app.orders.repository import Orders
from app.orders.service.ending import CHECK_AGAIN, ENDED_FIELDS, Ending
from app.orders.service.places import Places
from app.payments.models import Payment, refund_id
from app.payments.service import PaymentService, Returns
from app.stock.models import Hold, Missing, Outdated, Taken
from app.stock.service import Stock

log = structlog.get_logger("orders")

TRIES = 10
REVIVING = timedelta(seconds=5)
LOOK_AGAIN_SECONDS = 0.1


class Settlement:
    def __init__(
        self,
        orders: Orders,
        payments: PaymentService,
        returns: Returns,
        stock: Stock,
        catalogue: Catalogue,
        places: Places,
        ending: Ending,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._returns = returns
        self._stock = stock
        self._catalogue = catalogue
        self._places = places
        self._ending = ending
        self._clock = clock

    async def by_ref(self, provider: str, ref: str) -> Literal["settled", "unknown"]:
        """A provider hinted at one of its objects: read it there, and do what follows."""
        payment = await self._payments.learn(provider, ref)
        if payment is None:
            return "unknown"
        await self.follow(payment)
        return "settled"

    async def poll(self, limit: int) -> int:
        """Open payments nothing was heard of, read from their providers."""
        due = await self._payments.due_for_poll(limit)
        return await each(due, self._ask_again, "payment_poll")

    async def sweep(self, limit: int) -> int:
        """Captured payments whose money became nothing yet, and refunds the provider still owes."""
        captured = await self._returns.due_for_settlement(limit)
        owed = await self._returns.due_for_refund(limit)
        settled = await each(captured, self.follow, "payment_settle")
        return settled + await each(owed, self._returns.pay_refunds, "payment_refund")

    async def end_opened(self, limit: int) -> int:
        """Orders whose session was opened: begins to end the overdue, asks providers about the ending."""
        leased = [order async for order in self._orders.leased("check_at", CHECK_AGAIN, limit)]
        return await each(leased, self._end_opened, "order_end")

    async def _end_opened(self, order: Order) -> None:
        if order.status == "pending":
            begun = await self._ending.begin(order, "expired", cause="deadline passed", by="system")
            if begun is None:
                return
            order = begun
        if order.status == "expiring":
            await self.resolve(order)

    async def resolve(self, order: Order) -> None:
        """Settles one expiring order. Raises ProviderUnavailable: it is looked at again later."""
        payment = await self._ending.close_session(order)
        if payment.status == "captured" and payment.disposition is not None:
            await self._ending.finish(order, cause="its money is not for it")
        else:
            await self.follow(payment)

    async def follow(self, payment: Payment) -> None:
        """Does to the order what the payment's state asks for."""
        if payment.status == "captured" and payment.disposition is None:
            await self._hand_over(payment)
        elif payment.status == "closed":
            await self._closed(payment)
        await self._returns.pay_refunds(payment)

    async def _ask_again(self, payment: Payment) -> None:
        """One without a name at its provider is asked about when its order ends."""
        if payment.ref is not None:
            await self.follow(await self._payments.refresh(payment))

    async def _closed(self, payment: Payment) -> None:
        order = await self._orders.find(payment.order_id)
        if order is None or not _is_current(order, payment):
            return
        if order.status == "expiring":
            await self._ending.finish(order, cause="session closed")
        elif order.status == "pending" and order.opened and not order.replacing:
            await self._ending.fail(order, "the provider ended the payment")

    async def _hand_over(self, payment: Payment) -> None:
        for _ in range(TRIES):
            order = await self._orders.find(payment.order_id)
            if order is None:
                raise Transient("the order of a payment is not readable")
            if order.paid_by == payment.id:
                await self._returns.dispose(payment, "tickets", "tickets issued")
                return
            if payment.id in order.refused:
                await self._give_back(payment)
                return
            refusal = await self._try_to_confirm(order, payment)
            if refusal is not None:
                await self._refuse(order, payment, refusal)
        raise Transient("the order keeps changing")

    async def _try_to_confirm(self, order: Order, payment: Payment) -> str | None:
        """Why the money must go back, or None: look at the order again."""
        if order.status == "expiring" and order.expiring_to == "cancelled":
            await self._ending.finish(order, cause="cancelled before its payment was known")
            return None
        if order.status in ("pending", "expiring"):
            await self._confirm(order, payment)
            return None
        if order.status == "confirmed":
            return "paid twice"
        if order.status == "cancelled":
            return "order cancelled"
        await self._late(order, payment)
        return None

    async def _late(self, order: Order, payment: Payment) -> None:
        """One worker at a time looks for an ended order's places: a second one would find them taken by
        the first, and refuse the money. The second waits a little and looks at the order again.
        """
        now = self._clock.now()
        free = {"$or": [{"reviving": {"$exists": False}}, {"reviving": {"$lte": now}}]}
        mine = await self._orders.move(
            order,
            order.status,
            cause="paid late, looking for places",
            by=payment.id,
            fields={"reviving": now + REVIVING},
            expect=free,
        )
        if mine is None:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        elif not await self._reacquire(mine, payment):
            await self._refuse(mine, payment, "paid too late")

    async def _refuse(self, order: Order, payment: Payment, why: str) -> None:
        """The order decides between tickets and refund, so that two workers cannot do one each."""
        await self._orders.move(
            order,
            order.status,
            cause=f"payment refused: {why}",
            by=payment.id,
            push={"refused": payment.id},
            messages=messages.told(order, order.status, order.status, order.units),
        )

    async def _give_back(self, payment: Payment) -> None:
        reason = "not deliverable"
        payment = await self._returns.give_back(payment, refund_id(payment.id, reason, 1), reason)
        log.info("money_returned", payment_id=payment.id, order_id=payment.order_id)
        await self._returns.pay_refunds(payment)

    async def _confirm(self, order: Order, payment: Payment) -> None:
        """Asks whether the claims stand, not what time it is."""
        tickets = issue_tickets(order.id, order.items, order.claims, order.grant)
        confirmed = await self._orders.move(
            order,
            "confirmed",
            cause="paid",
            by=payment.id,
            fields={"paid_by": payment.id, "tickets": [ticket_document(t) for t in tickets]},
            unset=[name for name in ENDED_FIELDS if name not in ("claims", "limits")],
            messages=messages.told(order, order.status, "confirmed", order.units),
        )
        if confirmed is not None:
            await self._places.sold(confirmed)

    async def _reacquire(self, order: Order, payment: Payment) -> bool:
        """Late money: the same seats again, or any places of the type. False when they are gone."""
        event = await self._catalogue.fresh(order.event_id)
        if event.status != "published":
            return False
        wants = tuple(item.want for item in order.items)
        for _ in range(TRIES):
            now = self._clock.now()
            answer = await self._stock.take(event.plan, wants, Hold(order.id, now, now))
            if isinstance(answer, Outdated):
                event = await self._catalogue.fresh(order.event_id)
                await self._stock.renew(event.plan)
                continue
            if isinstance(answer, Missing) and await self._make_room(event, answer):
                continue
            if not isinstance(answer, Taken):
                return False
            if await self._revive(order, payment, answer.units):
                return True
        return False

    async def _make_room(self, event: Event, missing: Missing) -> bool:
        """Ends overdue holds in the way, and frees what a crash stranded."""
        expired = await self._orders.expire(missing.overdue) if missing.overdue else []
        if expired:
            await self._places.released(event.id, expired)
        return bool(expired) or (missing.check and await self._stock.repair(event.plan))

    async def _revive(self, order: Order, payment: Payment, units: tuple[str, ...]) -> bool:
        """Claims the units again with the order's confirmation, in one write."""
        event = await self._catalogue.cached(order.event_id)
        tickets = issue_tickets(order.id, order.items, units, order.grant)
        revived = replace(order, units=units, claims=units)
        try:
            moved = await self._orders.move(
                order,
                "confirmed",
                cause="paid late, places claimed again",
                by=payment.id,
                fields={
                    "paid_by": payment.id,
                    "claims": list(units),
                    "units": list(units),
                    "tickets": [ticket_document(t) for t in tickets],
                },
                messages=messages.told(revived, order.status, "confirmed", units),
            )
        except DuplicateKeyError as error:
            _, values = duplicate_of(error)
            await self._places.lost(event.plan, order.id, units, str(values["claims"]))
            return False
        if moved is not None:
            await self._places.sold(moved)
            return True
        now_theirs = await self._orders.find(order.id)
        kept = set(now_theirs.claims) if now_theirs else set()
        await self._stock.release(event.plan, [order.id], [unit for unit in units if unit not in kept])
        return True


def _is_current(order: Order, payment: Payment) -> bool:
    return order.checkout is not None and order.checkout.n == payment.n
