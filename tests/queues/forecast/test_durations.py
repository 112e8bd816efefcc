from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.queues.durations import PATHS, Memory, duration, guess_values

MEMORY = Memory(half_life=40, guess_weight=6)


def test_a_guess_alone_keeps_its_mean() -> None:
    assert sum(guess_values(7.0)) / len(guess_values(7.0)) == pytest.approx(7)
    assert duration([], 7.0, MEMORY).mean == pytest.approx(7, rel=0.02)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 1e9), max_size=60), st.floats(-1, 1e9))
def test_values_are_ascending_and_keep_the_mean(records: list[float], guess: float) -> None:
    found = duration(records, guess, MEMORY)
    assert len(found.values) == PATHS
    assert list(found.values) == sorted(found.values)
    assert sum(found.values) / PATHS == pytest.approx(found.mean, rel=1e-6)
    assert found.values[0] >= 0


def test_records_take_over_from_the_guess() -> None:
    means = [duration([10.0] * count, 2.0, MEMORY).mean for count in (0, 2, 6, 30, 200)]
    assert means == sorted(means)
    assert means[0] == pytest.approx(2, rel=0.02)
    assert means[2] < 8
    assert means[-1] == pytest.approx(10, rel=0.02)


def test_doubt_falls_with_records_and_not_below_what_is_remembered() -> None:
    records = [2.0, 6.0, 9.0, 3.0] * 100
    doubts = [duration(records[:count], 5.0, MEMORY).doubt for count in (0, 8, 40, 400)]
    assert doubts == sorted(doubts, reverse=True)
    assert duration(records * 3, 5.0, MEMORY).doubt == pytest.approx(doubts[-1], rel=0.05)


def test_up_to_a_quarter_of_long_services_is_honest() -> None:
    mixed = ([2.0] * 7 + [20.0] * 3) * 20
    assert duration(mixed, 7.4, MEMORY).mean == pytest.approx(7.4, rel=0.1)


def test_what_is_left_of_a_service() -> None:
    found = duration([4.0] * 100 + [8.0] * 100, 6.0, Memory(half_life=1000, guess_weight=0.001))
    assert {round(value, 1) for value in found.left_after(5.0)} == {3.0}
    assert found.left_after(9.0) == found.values, "older than all: like a fresh one"
