"""One violation for each rule, each planted the way a bug would leave it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.check.world import World

Plant = Callable[[World], Awaitable[None]]
PLANTS: list[tuple[str, Plant]] = []
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def plants(rule: str) -> Callable[[Plant], Plant]:
    def remember(plant: Plant) -> Plant:
        PLANTS.append((rule, plant))
        return plant

    return remember


def order_change(rule: str, name: str, change: Any) -> None:
    PLANTS.append((rule, lambda world: world.order(name, change)))


def payment_change(rule: str, name: str, change: Any) -> None:
    PLANTS.append((rule, lambda world: world.pay(name, change)))


def charge_change(rule: str, name: str, change: Any) -> None:
    PLANTS.append((rule, lambda world: world.charge(name, change)))


order_change("illegal_move", "expired", {"$set": {"history.1.from": "confirmed"}})
order_change("illegal_move", "paid", {"$set": {"history.0.from": "pending"}})
order_change("history_ends_elsewhere", "expired", {"$set": {"status": "failed"}})
order_change("history_incomplete", "paid", {"$inc": {"version": 1}})
order_change("limits_repeated", "pending", [{"$set": {"limits": {"$concatArrays": ["$limits", "$limits"]}}}])
order_change("live_without_claims", "pending", {"$unset": {"claims": ""}})
order_change("ended_with_claims", "expired", {"$set": {"claims": ["s/stalls/A/4"]}})
order_change("ended_with_claims", "cancelled", {"$set": {"limits": ["x/5"]}})
order_change("claims_repeated", "pending", [{"$set": {"claims": {"$concatArrays": ["$claims", "$claims"]}}}])
order_change("claims_ill_formed", "pending", {"$set": {"claims": []}})
order_change("claims_ill_formed", "pending", {"$set": {"claims": None}})
order_change("claims_ill_formed", "pending", {"$set": {"claims": ["s/stalls/A/4", 7]}})
order_change("limits_ill_formed", "pending", {"$set": {"limits": []}})
order_change("units_repeated", "pending", [{"$set": {"units": {"$concatArrays": ["$units", "$units"]}}}])
order_change("unit_unknown", "pending", {"$set": {"claims": ["s/stalls/A/6"], "units": ["s/stalls/A/6"]}})
order_change("order_without_event", "pending", {"$set": {"event_id": "evt_00000000000000000000000000"}})
order_change("split_set", "pending", {"$pop": {"units": 1, "claims": 1, "limits": 1}})
order_change("claims_differ", "paid", {"$pop": {"claims": 1, "limits": 1}})
order_change("claims_differ", "partly", [{"$set": {"claims": "$units"}}])
order_change("limit_miscounted", "paid", {"$pop": {"limits": 1}})
order_change("limit_of_others", "pending", {"$set": {"limits.0": "somebody/0"}})
order_change("limit_exceeded", "opened", {"$set": {"limits": ["somebody/6"]}})
order_change("tickets_too_early", "pending", {"$set": {"tickets": [{"id": "tkt_1", "unit": "x"}]}})
order_change("tickets_differ", "paid", {"$pop": {"tickets": 1}})
order_change("tickets_differ", "paid", {"$unset": {"tickets": ""}})
order_change("ticket_id_repeated", "paid", [{"$set": {"tickets.id": "tkt_1"}}])
order_change("ticket_unpaid", "paid", {"$unset": {"paid_by": ""}})
order_change("total_wrong", "pending", {"$inc": {"total.amount": -1}})
order_change("hold_overdue", "pending", {"$set": {"deadline": LONG_AGO}})
order_change("hold_overdue", "opened", {"$set": {"deadline": LONG_AGO}})
order_change("hold_without_deadline", "pending", {"$unset": {"deadline": ""}})
order_change("refund_unattended", "partly", {"$set": {"refunds_due": [{"id": "ref_1"}]}})
order_change(
    "refund_owed_long",
    "partly",
    {
        "$set": {"refunds_due": [{"id": "ref_1"}], "refund_at": LONG_AGO},
        "$push": {"history": {"at": LONG_AGO, "from": "confirmed", "to": "confirmed"}},
    },
)
order_change("outbox_stuck", "paid", {"$push": {"outbox": {"id": "msg_1", "at": LONG_AGO}}})
order_change("unreadable", "paid", {"$unset": {"history": ""}})

payment_change("outbox_stuck", "paid", {"$push": {"outbox": {"id": "msg_1", "at": LONG_AGO}}})
payment_change("illegal_payment_move", "paid", {"$set": {"history.1.from": "closed"}})
payment_change(
    "payment_history_ends_elsewhere", "paid", {"$push": {"history": {"from": "captured", "to": "x"}}}
)
payment_change("payment_without_order", "paid", {"$set": {"order_id": "ord_0"}})
payment_change("payment_amount_wrong", "paid", {"$inc": {"amount": 1, "captured.amount": 1}})
payment_change("capture_unclear", "paid", {"$unset": {"captured": ""}})
payment_change("disposition_without_money", "opened", {"$set": {"disposition": "refunded"}})
payment_change("money_undecided", "paid", {"$set": {"disposition": None, "captured.at": LONG_AGO}})
payment_change("money_unattended", "paid", {"$set": {"disposition": None}})
payment_change("disposition_unknown", "paid", {"$set": {"disposition": "kept"}})
payment_change("money_without_tickets", "late", {"$set": {"disposition": "tickets"}})
payment_change("money_twice", "paid", {"$set": {"disposition": "refunded"}})
payment_change("refund_incomplete", "late", {"$inc": {"refunds.0.amount": -1}})
payment_change("quarantine_unexplained", "quarantined", {"$unset": {"quarantine": ""}})
payment_change("mismatch_accepted", "quarantined", {"$set": {"disposition": None}})
payment_change("ticket_unpaid", "paid", {"$set": {"disposition": "quarantined", "quarantine": "amount"}})
payment_change("ticket_underpaid", "paid", {"$inc": {"captured.amount": -1}})
payment_change("refunded_too_much", "cancelled", {"$inc": {"refunds.0.amount": 1}})
payment_change(
    "refund_repeated", "partly", [{"$set": {"refunds": {"$concatArrays": ["$refunds", "$refunds"]}}}]
)
payment_change("refund_of_nothing", "partly", {"$set": {"refunds.0.amount": 0}})
payment_change("refund_unattended", "partly", {"$set": {"refunds.0.state": "owed"}})
payment_change(
    "refund_owed_long",
    "partly",
    [
        {
            "$set": {
                "refunds.state": "owed",
                "refund_at": LONG_AGO,
                "history": {
                    "$concatArrays": ["$history", [{"at": LONG_AGO, "cause": {"$literal": "planted"}}]]
                },
            }
        }
    ],
)
payment_change("capture_differs", "paid", {"$set": {"captured.currency": "USD"}})
payment_change("refund_differs", "partly", {"$inc": {"refunds.0.amount": 1}})
payment_change("refund_unknown", "partly", {"$set": {"refunds": []}})

charge_change("capture_differs", "paid", {"$inc": {"captured.amount": 1}})
charge_change("capture_differs", "paid", {"$set": {"captured": None}})
charge_change("refund_differs", "partly", {"$set": {"refunds": []}})
charge_change("charge_unknown", "paid", {"$set": {"payment_id": "pay_1", "created_at": LONG_AGO}})


@plants("capture_unknown")
async def _captured_at_the_provider_only(world: World) -> None:
    captured = {"amount": 5000, "currency": "EUR"}
    await world.charge("opened", {"$set": {"captured": captured, "created_at": LONG_AGO, "history": []}})


@plants("ledger_differs")
async def _a_cent_apart(world: World) -> None:
    await world.pay("paid", {"$inc": {"captured.amount": 1}})
    await world.charge("paid", {"$set": {"created_at": LONG_AGO, "history": []}})


@plants("oversold")
async def _a_unit_twice(world: World) -> None:
    await world.without_guard("claims")
    await world.copy("pending", limits=["other/0", "other/1"])


@plants("limit_oversold")
async def _a_slot_twice(world: World) -> None:
    await world.without_guard("limits")
    await world.copy("opened", claims=["s/stalls/A/4"])


@plants("over_capacity")
async def _more_than_are_for_sale(world: World) -> None:
    await world.update("events", world.event["id"], {"$set": {"ticket_types.0.capacity": 3}})


@plants("unit_unknown")
async def _fewer_were_ever_made(world: World) -> None:
    await world.update("events", world.event["id"], {"$set": {"ticket_types.0.size": 1}})


@plants("draft_sold")
async def _sold_before_it_was_published(world: World) -> None:
    await world.update("events", world.event["id"], {"$set": {"status": "draft"}})


@plants("charged_twice")
async def _two_payments_kept(world: World) -> None:
    change = {"order_id": world.orders["paid"], "disposition": "tickets", "n": 2}
    await world.pay("late", {"$set": change})


@plants("attempt_repeated")
async def _two_payments_of_one_number(world: World) -> None:
    await world.pay("late", {"$set": {"order_id": world.orders["paid"]}})


@plants("expiring_too_long")
async def _fence_shut_though_closed(world: World) -> None:
    await _expire(world)
    entry = {"at": LONG_AGO}
    await world.charge("opened", {"$set": {"state": "closed", "history": [entry]}})


@plants("expiring_unattended")
async def _nobody_looks_at_the_fence(world: World) -> None:
    await _expire(world)


@plants("message_owed")
async def _a_message_nobody_works_on(world: World) -> None:
    await world.insert("messages", {"_id": "m", "at": LONG_AGO, "type": "order.paid", "owed": ["mail"]})


@plants("delivery_unhandled")
async def _a_webhook_nobody_handles(world: World) -> None:
    delivery = {"_id": "d", "received_at": LONG_AGO, "type": "x", "status": "received"}
    await world.insert("deliveries", delivery)


@plants("cancelled_but_claimed")
async def _a_cancelled_event_lives_on(world: World) -> None:
    entry = {"what": "cancelled", "at": LONG_AGO, "by": "x"}
    change = {"$set": {"status": "cancelled"}, "$push": {"history": entry}}
    await world.update("events", world.event["id"], change)


async def _expire(world: World) -> None:
    entry = {"at": LONG_AGO, "from": "pending", "to": "expiring", "cause": "", "by": ""}
    change = {"$set": {"status": "expiring"}, "$inc": {"version": 1}, "$push": {"history": entry}}
    await world.order("opened", change | {"$unset": {"check_at": ""}})
