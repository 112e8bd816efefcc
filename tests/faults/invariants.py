"""Promises that hold once everything is quiet, without the patience that ``usher check`` has with youth.

Money: every captured payment became tickets or exactly one refund of all of it, never both, never neither;
and the provider's ledger says the same, object by object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.check import check
from app.core.mongo import Database
from tests.faults.house import Place
from tests.faults.rounds import owes

Document = dict[str, Any]


async def violations(place: Place, database: Database) -> list[str]:
    """Every broken promise, in words: ours, and those that ``usher check`` finds."""
    report = await check(place.mongo_url, place.redis_url, place.database, pause=0.1)
    return [*(str(found) for found in report["violations"]), *await money(database)]


async def money(database: Database) -> list[str]:
    orders = {order["_id"]: order async for order in database["orders"].find({"kind": "sale"})}
    payments = {payment["_id"]: payment async for payment in database["payments"].find({})}
    ledger = [c async for c in database["sandbox_ledger"].find({"payment_id": {"$exists": True}})]
    found = [f"still owed: {what}" for what in await owes(database)]
    for payment in payments.values():
        found += _became_one_thing(payment, orders[payment["order_id"]])
    for charge in ledger:
        found += _agrees(charge, payments.get(charge["payment_id"]))
    for order in orders.values():
        found += _paid_for(order, payments)
    return found


def _became_one_thing(payment: Document, order: Document) -> Iterator[str]:
    name, refunded = payment["_id"], _refunded(payment)
    if any(refund["state"] != "done" for refund in payment["refunds"]):
        yield f"{name} has a refund that is not done"
    if payment["status"] != "captured":
        return
    captured, has_tickets = payment["captured"]["amount"], order.get("paid_by") == name
    if payment["disposition"] == "quarantined":
        return
    if has_tickets != (payment["disposition"] == "tickets"):
        yield f"{name} became {payment['disposition']}, its order says {order.get('paid_by')}"
    if not has_tickets and (refunded != captured or len(payment["refunds"]) != 1):
        yield f"{name} bought nothing, and {refunded} of {captured} went back"
    if has_tickets and order["status"] == "cancelled" and refunded != captured:
        yield f"{name} paid for a cancelled order, and {refunded} of {captured} went back"
    if has_tickets and order["status"] not in ("confirmed", "cancelled"):
        yield f"{name} bought tickets of an order that is {order['status']}"


def _agrees(charge: Document, payment: Document | None) -> Iterator[str]:
    if payment is None:
        yield f"the provider has {charge['_id']} that we do not know"
        return
    if (charge["state"] == "captured") != (payment["status"] == "captured"):
        yield f"{payment['_id']} is {payment['status']}, the provider says {charge['state']}"
    theirs = sorted((refund["refund_id"], refund["amount"]) for refund in charge["refunds"])
    ours = sorted((r["id"], r["amount"]) for r in payment["refunds"] if r["state"] == "done")
    if theirs != ours:
        yield f"refunds of {payment['_id']} differ: ours {ours}, the provider's {theirs}"


def _paid_for(order: Document, payments: dict[str, Document]) -> Iterator[str]:
    if order["status"] != "confirmed" or not order["total"]["amount"]:
        return
    payment = payments.get(order["paid_by"])
    if payment is None or payment["status"] != "captured":
        yield f"{order['_id']} has tickets nobody paid for"
    elif payment["captured"]["amount"] != order["total"]["amount"]:
        yield f"{order['_id']} has tickets for {payment['captured']}"


def _refunded(payment: Document) -> int:
    return sum(refund["amount"] for refund in payment["refunds"] if refund["state"] == "done")
