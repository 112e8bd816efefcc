"""Stock, events, orders and money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.bootstrap.engines import Engines
from app.catalogue.repository import Events
from app.catalogue.service import Availability, Catalogue, Editor, Reconciling
from app.core.idempotency import IdempotencyKeys
from app.core.redis import Breaker
from app.orders.booking import SalesRules
from app.orders.presenter import Presenter
from app.orders.repository import Orders
from app.orders.service.cancellations import Cancellations
from app.orders.service.charges import Charges
from app.orders.service.checkout import CheckoutService
from app.orders.service.desk import Desk
from app.orders.service.ending import Ending
from app.orders.service.expiry import Expiry
from app.orders.service.feed import Feed
from app.orders.service.holds import HoldService
from app.orders.service.places import Places
from app.orders.service.refunds import Refunds
from app.orders.service.settlement import Settlement
from app.orders.sold_out import SoldOutMemo
from app.payments.providers.base import Provider
from app.payments.providers.registry import build_provider
from app.payments.repository import Payments
from app.payments.service import PaymentService, Readings, Returns
from app.stock.repository.claims import Claims
from app.stock.repository.picture import Picture
from app.stock.service import Stock


@dataclass
class Sales:
    stock: Stock
    catalogue: Catalogue
    editor: Editor
    availability: Availability
    reconciling: Reconciling
    payments: PaymentService
    returns: Returns
    holds: HoldService
    desk: Desk
    checkout: CheckoutService
    expiry: Expiry
    settlement: Settlement
    refunds: Refunds
    cancellations: Cancellations
    presenter: Presenter
    feed: Feed
    providers: dict[str, Provider]
    orders: Orders
    repositories: tuple[Claims, Events, Orders, Payments]

    def provided(self) -> list[object]:
        """What routes may ask for."""
        return [
            self.catalogue,
            self.editor,
            self.availability,
            self.holds,
            self.desk,
            self.checkout,
            self.presenter,
            self.feed,
        ]

    async def close(self) -> None:
        for provider in self.providers.values():
            await provider.aclose()


def build_sales(engines: Engines, keys: IdempotencyKeys) -> Sales:
    settings, database, clock, ring = engines.settings, engines.mongo.database, engines.clock, engines.ring
    claims, events = Claims(database), Events(database)
    orders, payment_documents = Orders(database, clock), Payments(database, clock)
    breaker = Breaker(settings.redis.redis_breaker_failures, settings.redis.redis_breaker_seconds)
    stock = Stock(Picture(engines.fast_redis), Picture(engines.redis), claims, breaker, clock)
    catalogue = Catalogue(events)
    availability = Availability(catalogue, stock)
    editor = Editor(
        events, catalogue, availability, stock, keys, clock, hold_minutes=settings.sales.hold_minutes
    )
    providers = {
        name: build_provider(name, settings.payments, settings.runtime, database, clock)
        for name in settings.payments.enabled
    }
    readings = Readings(payment_documents, clock)
    poll_after = timedelta(seconds=settings.payments.poll_after_seconds)
    payments = PaymentService(payment_documents, readings, providers, clock, poll_after)
    returns = Returns(payment_documents, readings, payments.provider, clock)
    memo = SoldOutMemo()
    places = Places(stock, catalogue, availability, memo)
    charges = Charges(catalogue, settings.runtime.public_url)
    ending = Ending(orders, payments, charges, places, clock)
    expiry = Expiry(orders, places, settings.work.sweep_batch)
    settlement = Settlement(orders, payments, returns, stock, catalogue, places, ending, clock)
    refunds = Refunds(orders, payments, returns, places, clock)
    checkout = CheckoutService(orders, payments, charges, ending, settlement, clock)
    desk = Desk(orders, payments, catalogue, checkout, ending, settlement, refunds, clock, ring)
    presenter = Presenter(ring, charges)
    rules = SalesRules(
        settings.sales.max_seats_per_booking,
        settings.sales.bookings_per_minute,
        settings.sales.bookings_address_per_minute,
    )
    return Sales(
        stock=stock,
        catalogue=catalogue,
        editor=editor,
        availability=availability,
        reconciling=Reconciling(events, catalogue, stock, clock),
        payments=payments,
        returns=returns,
        holds=HoldService(
            orders,
            stock,
            catalogue,
            availability,
            places,
            expiry,
            memo,
            clock,
            ring,
            rules,
            frozenset(providers),
        ),
        desk=desk,
        checkout=checkout,
        expiry=expiry,
        settlement=settlement,
        refunds=refunds,
        cancellations=Cancellations(orders, catalogue, ending, refunds, clock),
        presenter=presenter,
        feed=Feed(orders, payments, returns, desk, presenter, clock),
        providers=providers,
        orders=orders,
        repositories=(claims, events, orders, payment_documents),
    )
