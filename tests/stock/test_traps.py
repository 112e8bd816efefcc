"""Traps of the database that the design stands on, each seen to be real and to be avoided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.ids import new_id
from app.core.mongo import Database, DuplicateKeyError, due, literal, not_due
from app.stock.repository.claims import LIVE
from tests.stock.shop import Shop, plan


@pytest.fixture
def orders(database: Database) -> Any:
    return database["orders"]


async def test_absent_claims_do_not_collide(store: Shop) -> None:
    event = plan()
    orders = store.database["orders"]
    for _ in range(3):
        await orders.insert_one({"_id": new_id("ord"), "event_id": event.event_id, "status": "expired"})


@pytest.mark.parametrize("value", [[], None])
async def test_empty_claims_are_not_seen_by_scans_of_live_orders(store: Shop, value: Any) -> None:
    """Whoever wrote them instead of leaving the field out would sell the event's places again."""
    event = plan()
    orders = store.database["orders"]
    await orders.insert_one({"_id": new_id("ord"), "event_id": event.event_id, "claims": value})
    assert await orders.count_documents({"event_id": event.event_id, **LIVE}) == 0


async def test_a_plain_unique_index_would_let_one_order_be_empty(orders: Any) -> None:
    """Without the partial filter all orders of an event that claim nothing are one and the same."""
    await orders.create_index([("event_id", 1), ("claims", 1)], unique=True)
    nothings: list[Any] = [[], None]
    for value in nothings:
        await orders.insert_one({"_id": new_id("ord"), "event_id": f"evt_{value}", "claims": value})
        with pytest.raises(DuplicateKeyError):
            await orders.insert_one({"_id": new_id("ord"), "event_id": f"evt_{value}", "claims": value})


async def test_one_document_may_repeat_a_unit_for_all_the_index_cares(store: Shop) -> None:
    """Uniqueness inside one order is ours to check."""
    event = plan()
    order = {"_id": new_id("ord"), "event_id": event.event_id, "status": "pending"}
    await store.database["orders"].insert_one(order | {"claims": ["s/a/b/1", "s/a/b/1"]})


async def test_two_orders_that_share_one_of_many_units_collide(store: Shop) -> None:
    event = plan()
    await store.claim(event, [f"g/tt/{n}" for n in range(5)], new_id("ord"))
    with pytest.raises(DuplicateKeyError):
        await store.claim(event, [f"g/tt/{n}" for n in range(4, 9)], new_id("ord"))
    await store.claim(plan(), [f"g/tt/{n}" for n in range(5)], new_id("ord"))


async def test_a_comparison_with_now_matches_what_has_no_deadline(orders: Any) -> None:
    await orders.insert_one({"_id": "none"})
    await orders.insert_one({"_id": "null", "deadline": None})
    await orders.insert_one({"_id": "past", "deadline": datetime.now(UTC) - timedelta(seconds=5)})
    await orders.insert_one({"_id": "future", "deadline": datetime.now(UTC) + timedelta(hours=1)})
    careless = {"$expr": {"$lte": ["$deadline", "$$NOW"]}}
    assert {d["_id"] async for d in orders.find(careless)} == {"none", "null", "past"}
    assert {d["_id"] async for d in orders.find(due("deadline"))} == {"past"}
    assert {d["_id"] async for d in orders.find(not_due("deadline"))} == {"future"}


async def test_a_text_in_a_pipeline_update_reads_a_field(orders: Any) -> None:
    await orders.insert_one({"_id": 1, "secret_hash": "the hash"})
    await orders.update_one({"_id": 1}, [{"$set": {"careless": "$secret_hash"}}])
    await orders.update_one({"_id": 1}, [{"$set": {"careful": literal("$secret_hash")}}])
    found = await orders.find_one({"_id": 1})
    assert (found["careless"], found["careful"]) == ("the hash", "$secret_hash")
