"""One table of moves; everything else is refused, and each move leaves one entry behind."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.check.rules.states import MOVES
from app.core.clock import SystemClock
from app.core.errors import IllegalTransition
from app.core.ids import new_id
from app.core.money import Money
from app.core.security import Grant
from app.orders.models import ENDED, LIVE, TRANSITIONS, Item, Order, Status, may_move
from app.orders.outcomes import Inserted
from app.orders.repository import Orders
from tests.orders.house import House

STATES: tuple[Status, ...] = get_args(Status)


def some_order(status: Status) -> Order:
    now = datetime.now(UTC)
    return Order(
        id=new_id("ord"),
        event_id=new_id("evt"),
        status=status,
        items=(Item("tt_1", "Standing", 1, 100),),
        units=("g/tt_1/1",),
        claims=("g/tt_1/1",),
        limits=(),
        total=Money(100, "EUR"),
        version=1,
        created_at=now,
        caller="usr_1",
        owner=None,
        contact=None,
        grant=Grant(1),
        history=({"at": now, "from": None, "to": status, "cause": "test", "by": "test"},),
    )


def test_the_table_is_the_one_the_checker_restates() -> None:
    assert {state: set(moves) for state, moves in TRANSITIONS.items()} == {
        state: moves for state, moves in MOVES.items() if state is not None
    }
    assert set(TRANSITIONS) == set(STATES) == LIVE | ENDED


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_no_walk_along_the_table_leaves_a_cancelled_order(wishes: list[Status]) -> None:
    """Nor comes back to pending, nor holds a place again but by being paid."""
    order = some_order("pending")
    for to in wishes:
        if not may_move(order, to):
            continue
        assert order.status != "cancelled"
        assert to != "pending"
        assert order.status in LIVE or to == "confirmed"
        order = replace(order, status=to)


@pytest.mark.parametrize(("start", "to"), list(itertools.product(STATES, STATES)))
async def test_the_repository_moves_along_the_table_only(house: House, start: Status, to: Status) -> None:
    orders = Orders(house.database, SystemClock())
    order = some_order(start)
    assert isinstance(await orders.insert(order, []), Inserted)
    if start != to and to not in TRANSITIONS[start]:
        with pytest.raises(IllegalTransition):
            await orders.move(order, to, cause="test", by="test")
        return
    moved = await orders.move(order, to, cause="test", by="somebody")
    assert moved is not None
    assert (moved.status, moved.version, len(moved.history)) == (to, 2, 2)
    entry = moved.history[-1]
    assert (entry["from"], entry["to"], entry["by"]) == (start, to, "somebody")
    assert await orders.move(order, to, cause="test", by="test") is None, "a stale version moves nothing"
