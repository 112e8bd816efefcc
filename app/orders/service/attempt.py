"""One booking under way: what happens when the picture and the database disagree, or somebody was first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.catalogue.models import Event
from app.catalogue.service import Availability, Catalogue
from app.core.errors import KeyInProgress, Problem, Transient
from app.core.ids import new_id
from app.core.mongo import PyMongoError, is_unavailable
from app.core.ratelimit import LimitReached, Window
from app.core.security import KeyRing
from app.orders import messages
from app.orders.basket import Basket
from app.orders.booking import Booked, Booking, SalesRules
from app.orders.errors import LimitExceeded
from app.orders.limits import Slots
from app.orders.models import Checkout, Mode, Order, issue_tickets
from app.orders.outcomes import Inserted, KeyUsed, Outcome, SlotTaken, UnitClaimed
from app.orders.repository import Orders
from app.orders.service.earlier import Earlier
from app.orders.service.expiry import Expiry
from app.orders.service.places import Places
from app.orders.sold_out import SoldOutMemo
from app.stock.errors import SeatTaken, SoldOut
from app.stock.models import Hold, InProgress, Limited, Missing, Outdated, Taken
from app.stock.service import Stock

ATTEMPTS = 20

Price = Callable[[Event], Basket]
"""What the booking comes to in an event as it is. Raises what ``fill`` does."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a booking is made with."""

    orders: Orders
    stock: Stock
    catalogue: Catalogue
    availability: Availability
    places: Places
    expiry: Expiry
    memo: SoldOutMemo
    ring: KeyRing
    earlier: Earlier


class Attempt:
    """One booking under way. The order's id stays the same through all tries."""

    def __init__(
        self,
        means: Means,
        rules: SalesRules,
        booking: Booking,
        event: Event,
        price: Price,
        basket: Basket,
        crowd: str,
        now: datetime,
    ) -> None:
        """``crowd`` names the guests of one address in Redis; empty: they are not counted together."""
        self._means = means
        self._rules = rules
        self._booking = booking
        self._event = event
        self._price = price
        self._basket = basket
        self._now = now
        self._id = new_id("ord")
        self._slots = Slots(booking.email_hash, event.max_per_customer)
        self._mark = f"{booking.caller}|{booking.key}" if booking.key else ""
        self._crowd = crowd
        self._duplicates = 0
        self._counted = False
        self._take = means.stock.take

    async def run(self) -> Booked:
        for _ in range(ATTEMPTS):
            answer = await self._take(self._event.plan, self._basket.wants, self._hold())
            self._counted = self._counted or not isinstance(answer, Outdated)
            if isinstance(answer, Taken):
                booked = await self._claim(answer.units)
            else:
                booked = await self._without_units(answer)
            if booked is not None:
                self._means.availability.forget(self._event.id)
                return booked
        raise Transient("the places keep changing hands")

    def _hold(self) -> Hold:
        return Hold(
            self._id,
            self._now + timedelta(minutes=self._event.hold_minutes),
            self._now,
            mark=self._mark,
            window="" if self._counted else self._booking.caller,
            window_limit=self._rules.bookings_per_minute,
            crowd="" if self._counted else self._crowd,
            crowd_limit=self._rules.bookings_address_per_minute,
        )

    async def _without_units(self, answer: Missing | Outdated | InProgress | Limited) -> Booked | None:
        """None: something was put right, ask again."""
        if isinstance(answer, Limited):
            reset = max(1, math.ceil(answer.retry_after))
            raise LimitReached(Window(answer.limit, 0, reset, exceeded=True))
        if isinstance(answer, InProgress):
            return await self._replay() or self._in_progress()
        if isinstance(answer, Outdated):
            return await self._reload()
        if answer.overdue and await self._means.expiry.end_overdue(answer.overdue):
            return None
        if answer.check and await self._means.stock.repair(self._event.plan):
            return None
        if answer.seat:
            return await self._refuse(SeatTaken(seat_id=answer.seat[2:]))
        if not self._booking.key:
            self._means.memo.remember(self._event.id, self._basket.wants)
        return await self._refuse(SoldOut(ticket_type_id=answer.ticket_type_id))

    def _in_progress(self) -> Booked:
        raise KeyInProgress(retry_after=1)

    async def _reload(self) -> Booked | None:
        """The event changed, or its picture is gone."""
        self._event = await self._means.catalogue.fresh(self._event.id)
        try:
            self._basket = self._price(self._event)
        except Problem as refusal:
            return await self._refuse(refusal)
        self._slots = Slots(self._booking.email_hash, self._event.max_per_customer)
        if not await self._means.stock.renew(self._event.plan):
            self._take = self._means.stock.take_from_memory
        return None

    async def _claim(self, units: tuple[str, ...]) -> Booked | None:
        while True:
            limits = self._slots.choose(len(units))
            if limits is None:
                await self._give_back(units)
                return await self._refuse(LimitExceeded(limit=self._event.max_per_customer, scope="customer"))
            order = self._order(units, limits)
            outcome = await self._insert(order, units)
            if isinstance(outcome, SlotTaken):
                self._slots.strike(outcome.slot)
                continue
            if isinstance(outcome, Inserted):
                return await self._inserted(order)
            if isinstance(outcome, KeyUsed):
                await self._give_back(units)
                return await self._replay()
            return await self._lost(units, outcome)

    async def _insert(self, order: Order, units: tuple[str, ...]) -> Outcome:
        """An insert that timed out is unknown: it is read by its id before anything is given back."""
        try:
            return await self._means.orders.insert(order, messages.told(order, None, order.status, units))
        except PyMongoError as error:
            if not is_unavailable(error):
                raise
            if await self._means.orders.find(order.id):
                return Inserted()
            await self._give_back(units)
            raise Transient("the booking may not stand; repeat it with the same key") from error

    async def _inserted(self, order: Order) -> Booked:
        if order.status == "confirmed":
            await self._means.stock.settle(self._event.plan, order.id, order.units)
        return Booked(order)

    async def _lost(self, units: tuple[str, ...], claimed: UnitClaimed) -> Booked | None:
        """The picture proposed a unit that another live order has."""
        plan, unit = self._event.plan, claimed.unit
        self._duplicates += 1
        await self._means.places.lost(plan, self._id, units, unit)
        if await self._means.expiry.end_overdue_holder(self._event.id, unit):
            return None
        if unit in self._event.plan.seat_types:
            await self._give_back(())  # Only the mark: the same key may ask for another seat at once.
            return await self._refuse(SeatTaken(seat_id=unit[2:]))
        if self._duplicates == 2:
            await self._means.stock.suspect(plan)
        return None

    async def _give_back(self, units: tuple[str, ...]) -> None:
        await self._means.stock.release(self._event.plan, [self._id], units, mark=self._mark)

    async def _refuse(self, problem: Problem) -> Booked:
        return await self._means.earlier.or_refuse(problem, self._booking, self._now, self._id)

    async def _replay(self) -> Booked | None:
        return await self._means.earlier.order(self._booking, self._now, self._id)

    def _order(self, units: tuple[str, ...], limits: tuple[str, ...]) -> Order:
        booking, basket, now, grant = self._booking, self._basket, self._now, self._means.ring.grant()
        free = basket.total.amount == 0
        mode: Mode = "client_secret" if booking.client_secret else "page"
        order = Order(
            id=self._id,
            event_id=self._event.id,
            status="confirmed" if free else "pending",
            items=basket.items,
            units=units,
            claims=units,
            limits=limits,
            total=basket.total,
            version=1,
            created_at=now,
            caller=booking.caller,
            owner=booking.owner,
            contact=booking.contact,
            grant=grant,
            history=({"at": now, "from": None, "to": "pending", "cause": "booked", "by": booking.caller},),
            idem=_idem(booking),
        )
        if free:
            entry = {**order.history[0], "to": "confirmed", "cause": "free of charge"}
            tickets = issue_tickets(order.id, basket.items, units, grant)
            return replace(order, tickets=tickets, history=(entry,))
        assert booking.provider is not None
        deadline = now + timedelta(minutes=self._event.hold_minutes)
        return replace(order, deadline=deadline, checkout=Checkout(booking.provider, 1, mode))


def _idem(booking: Booking) -> dict[str, str]:
    if booking.key is None:
        return {}
    return {"caller": booking.caller, "key": booking.key, "body": booking.body_hash}
