"""One look at everything: reads the books, lets orders and tokens pass by, asks every rule."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from app.check import rules
from app.check.books import Books, Brief, Document
from app.check.events import Event
from app.check.finding import Finding
from app.check.lines import LineTally
from app.check.rules.ledger import totals
from app.check.tally import Tally
from app.core.mongo import Database
from app.core.redis import Client, RedisError

_ORDER_FIELDS = {"customer": 0, "idem": 0, "outbox.data": 0}
_SERVICE_FIELDS = {"slug": 1, "version": 1, "outbox.id": 1, "outbox.at": 1}
_TOKEN_FIELDS = {"contact.name": 0, "own_alias": 0, "idem": 0, "outbox.data": 0}


@dataclass(frozen=True)
class Look:
    at: datetime
    findings: dict[tuple[str, str], Finding]
    counts: dict[str, Any]


async def look(database: Database, redis: Client) -> Look:
    books, tally, lines = await _read(database), Tally(), LineTally()
    found = [finding async for finding in _of_orders(database, books, tally)]
    found += [finding async for finding in _of_lines(database, books, lines)]
    found += _of_money(books)
    for stock_rule in rules.OF_THE_STOCK:
        found += stock_rule(books, tally)
    for rule in rules.OF_THE_DATABASE:
        found += [finding async for finding in rule(database, books)]
    found += await _of_redis(redis, books, tally)
    return Look(books.now, {finding.key: finding for finding in found}, _counts(books, tally, lines))


async def _read(database: Database) -> Books:
    """Payments before orders, so that an order confirmed meanwhile finds its money in the next look."""
    hello = await database.command("hello")
    events = [Event.of(document) async for document in database["events"].find({}, {"outbox": 0})]
    ledger = [charge async for charge in database["sandbox_ledger"].find({"payment_id": {"$exists": True}})]
    payments = [payment async for payment in database["payments"].find({}, {"outbox.data": 0})]
    services = [service async for service in database["services"].find({}, _SERVICE_FIELDS)]
    return Books(
        now=hello["localTime"].replace(tzinfo=UTC),
        events={event.id: event for event in events},
        payments={payment["_id"]: payment for payment in payments},
        ledger={charge["payment_id"]: charge for charge in ledger},
        services={service["_id"]: service for service in services},
    )


async def _of_orders(database: Database, books: Books, tally: Tally) -> AsyncIterator[Finding]:
    """One at a time: there may be millions."""
    async for order in database["orders"].find({}, _ORDER_FIELDS, batch_size=1000):
        for finding in _readable(order, partial(_of_order, order, books, tally)):
            yield finding


def _of_order(order: Document, books: Books, tally: Tally) -> Iterator[Finding]:
    tally.add(order)
    if order["_id"] in books.by_order:
        books.briefs[order["_id"]] = _brief(order)
    for rule in rules.OF_A_BLOCK if order.get("kind") == "block" else rules.OF_AN_ORDER:
        yield from rule(order, books)


async def _of_lines(database: Database, books: Books, tally: LineTally) -> AsyncIterator[Finding]:
    for service in books.services.values():
        for finding in _readable(service, partial(_of_service, service, books)):
            yield finding
    async for token in database["tokens"].find({}, _TOKEN_FIELDS, batch_size=1000):
        for finding in _readable(token, partial(_of_token, token, books, tally)):
            yield finding
    for rule in rules.OF_THE_LINES:
        for finding in rule(books, tally):
            yield finding


def _of_service(service: Document, books: Books) -> Iterator[Finding]:
    for rule in rules.OF_A_SERVICE:
        yield from rule(service, books)


def _of_token(token: Document, books: Books, tally: LineTally) -> Iterator[Finding]:
    tally.add(token)
    for rule in rules.OF_A_TOKEN:
        yield from rule(token, books)


def _of_money(books: Books) -> Iterator[Finding]:
    for payment in books.payments.values():
        yield from _readable(payment, partial(_of_payment, payment, books))
    for all_rule in rules.OF_ALL_PAYMENTS:
        yield from all_rule(books)


def _of_payment(payment: Document, books: Books) -> Iterator[Finding]:
    for rule in rules.OF_A_PAYMENT:
        yield from rule(payment, books)


def _readable(document: Document, ask: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """A document that no rule can read is a finding, not the end of the look."""
    try:
        return list(ask())
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return [Finding("unreadable", str(document["_id"]), f"{type(error).__name__}: {error}")]


async def _of_redis(redis: Client, books: Books, tally: Tally) -> list[Finding]:
    try:
        return [finding for rule in rules.OF_REDIS async for finding in rule(redis, books, tally)]
    except (RedisError, OSError) as error:
        return [Finding("redis_away", "redis", type(error).__name__, grave=False)]


def _brief(order: Document) -> Brief:
    total = order["total"]
    return Brief(order["status"], order.get("paid_by"), total["amount"], total["currency"])


def _counts(books: Books, tally: Tally, lines: LineTally) -> dict[str, Any]:
    ours, theirs = totals(books)
    return {
        "events": len(books.events),
        "orders": dict(tally.orders),
        "units_claimed": sum(len(units) for units in tally.units.values()),
        "payments": len(books.payments),
        "services": len(books.services),
        "tokens": dict(lines.tokens),
        "ours": {f"{what} {currency}": amount for (what, currency), amount in sorted(ours.items())},
        "sandbox": {f"{what} {currency}": amount for (what, currency), amount in sorted(theirs.items())},
    }
