"""Booking: one script in Redis proposes the units, one insert in MongoDB decides."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from app.catalogue.models import Event
from app.catalogue.service import Availability, Catalogue
from app.core.clock import Clock
from app.core.errors import Invalid, Problem
from app.core.security import KeyRing
from app.orders.basket import Basket, fill
from app.orders.booking import Booked, Booking, SalesRules
from app.orders.repository import Orders
from app.orders.service.attempt import Attempt, Means, Price
from app.orders.service.earlier import Earlier
from app.orders.service.expiry import Expiry
from app.orders.service.places import Places
from app.orders.sold_out import SoldOutMemo
from app.stock.errors import SoldOut
from app.stock.service import Stock


class HoldService:
    def __init__(
        self,
        orders: Orders,
        stock: Stock,
        catalogue: Catalogue,
        availability: Availability,
        places: Places,
        expiry: Expiry,
        memo: SoldOutMemo,
        clock: Clock,
        ring: KeyRing,
        rules: SalesRules,
        providers: frozenset[str],
    ) -> None:
        earlier = Earlier(orders)
        self._means = Means(orders, stock, catalogue, availability, places, expiry, memo, ring, earlier)
        self._clock = clock
        self._rules = rules
        self._providers = providers
        self._ring = ring

    async def book(self, booking: Booking) -> Booked:
        """All places asked for, held for the event's hold time, or nothing.

        Raises SoldOut, SeatTaken, LimitExceeded, NotOnSale, EventCancelled, Invalid, RateLimited,
        KeyInProgress, KeyReused, and Transient when the outcome is unknown: the same key asks again.
        """
        event = await self._event(booking.event_id)
        now = self._clock.now()
        price = partial(self._price, booking, now)
        try:
            event, basket = await self._priced(event, price)
        except Problem as refusal:
            return await self._means.earlier.or_refuse(refusal, booking, now)
        if booking.key is None and self._means.memo.knows(event.id, basket.wants):
            raise SoldOut
        crowd = self._hidden(booking.address) if booking.address else ""
        return await Attempt(self._means, self._rules, booking, event, price, basket, crowd, now).run()

    def _hidden(self, address: str) -> str:
        """Names it in Redis."""
        return self._ring.pseudonym("booking-address", address)

    async def _priced(self, event: Event, price: Price) -> tuple[Event, Basket]:
        """Nobody is refused for what only this process remembers of the event."""
        try:
            return event, price(event)
        except Problem:
            event = await self._means.catalogue.recent(event.id)
            return event, price(event)

    def _price(self, booking: Booking, now: datetime, event: Event) -> Basket:
        basket = fill(event, booking.lines, now, self._rules.max_places)
        self._check_provider(booking, basket)
        return basket

    def _check_provider(self, booking: Booking, basket: Basket) -> None:
        """A total of 0 needs no provider."""
        if basket.total.amount and booking.provider not in self._providers:
            message = "choose one of the enabled providers"
            loc = ["body", "provider"]
            raise Invalid(message, errors=[{"loc": loc, "msg": message, "type": "unknown_provider"}])

    async def _event(self, event_id: str) -> Event:
        """From memory: the script in Redis refuses a version that is no longer the event's.

        Without Redis nothing would, so the event is then read again once a second.
        """
        if self._means.stock.from_memory:
            return await self._means.catalogue.recent(event_id)
        return await self._means.catalogue.cached(event_id)
