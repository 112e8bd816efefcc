"""Names of units are never ambiguous, whatever a section or a row is called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.stock.models import Plan, Pool, place_unit, seat_id, seat_parts, seat_unit

names = st.text(min_size=1, max_size=20)


@given(names, names, names)
def test_parts_come_back_as_they_were(section: str, row: str, seat: str) -> None:
    unit = seat_unit(section, row, seat)
    assert seat_parts(seat_id(unit)) == (section, row, seat)
    assert unit.count("/") == 3
    assert unit.isascii()


@given(names, names, names, names)
def test_two_seats_have_two_names(section: str, row: str, other_section: str, other_row: str) -> None:
    same = (section, row) == (other_section, other_row)
    assert (seat_unit(section, row, 1) == seat_unit(other_section, other_row, 1)) is same


def test_a_pool_lists_its_units() -> None:
    assert list(Pool("tt_1", 3).units()) == [place_unit("tt_1", n) for n in (1, 2, 3)]
    seats = (seat_unit("a", "b", 1),)
    plan = Plan.of("evt_1", 1, [Pool("tt_1", 3), Pool("tt_2", 1, seats)])
    assert plan.pool("tt_2").seated
    assert dict(plan.seat_types) == {"s/a/b/1": "tt_2"}
