"""A line in numbers, and by what its people are known: true without asking anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.core.security import KeyRing
from app.queues.eta import Wait
from app.queues.line import AtCounter, LineNumbers, Order, knots
from app.queues.live import LiveFields, alias_key
from app.queues.models import Contact
from app.queues.slugs import RESERVED, is_slug
from tests.queues.corner import a_draft, a_service

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
WAIT = Wait(1.0, 2.0, 3)


def order(number: int, *, minutes: int = 0, priority: int = 5) -> Order:
    return priority, NOON + timedelta(minutes=minutes), number


def numbers(*waiting: Order, at_counters: tuple[AtCounter, ...] = ()) -> LineNumbers:
    return LineNumbers(NOON, tuple(sorted(waiting)), at_counters, 0, None, (), WAIT)


def at_counter(number: int, minutes: int) -> AtCounter:
    called = NOON + timedelta(minutes=minutes)
    return AtCounter(number, "1", "called", called, called)


def test_order_is_priority_then_joined_then_number() -> None:
    line = numbers(order(3), order(2, minutes=1), order(1), order(9, minutes=5, priority=1))
    assert line.next(10) == [9, 1, 3, 2]
    assert [line.ahead(order(n)) for n in (1, 3)] == [1, 2]
    assert line.ahead(order(99, minutes=60)) == 4


def test_one_more_stands_where_they_belong_and_once() -> None:
    line = numbers(order(1), order(3))
    longer = line.joined(order(2))
    assert longer.next(10) == [1, 2, 3]
    assert longer.joined(order(2)) is longer
    assert line.waiting == 2


def test_the_latest_is_who_was_called_last() -> None:
    line = numbers(at_counters=(at_counter(7, 1), at_counter(4, 2)))
    assert line.latest is not None
    assert line.latest.number == 4
    assert numbers().latest is None
    assert line.has_at_counter(7)
    assert not line.has_at_counter(1)


def test_who_is_called_has_nobody_ahead() -> None:
    line = numbers(order(1), order(2))
    token = a_draft(a_service(), NOON + timedelta(minutes=5))
    assert line.ahead_of(token) == 2


def test_knots_reach_as_far_as_the_line() -> None:
    assert knots(0) == [0]
    assert knots(4) == [0, 1, 2, 3]
    far = knots(10_000)
    assert far == sorted(set(far))
    assert (far[-1], len(far) < 50) == (10_000, True)


def test_a_contact_is_known_by_phone_address_and_account_whatever_the_key() -> None:
    old, new = KeyRing("1:" + "a" * 32), KeyRing("2:" + "b" * 32 + ",1:" + "a" * 32)
    both = Contact(email="ann@example.com", phone="+436601234567")
    before = set(LiveFields(old).contact_keys(both, "usr_1"))
    assert len(before) == 3
    for contact, user in ((Contact(email="Ann@Example.com "), None), (Contact(phone=both.phone), None)):
        assert before & set(LiveFields(new).contact_keys(contact, user))
    assert before & set(LiveFields(new).contact_keys(None, "usr_1"))
    assert not before & set(LiveFields(new).contact_keys(Contact(email="bob@example.com"), "usr_2"))
    assert LiveFields(old).contact_keys(Contact(name="Ann")) == []
    assert not {key for key in before if "ann" in key or "436" in key}


def test_an_alias_has_one_spelling() -> None:
    assert {alias_key(said) for said in ("brave-otter", "Brave Otter", " BRAVE  otter ")} == {"brave-otter"}


def test_reserved_addresses_would_be_addresses() -> None:
    """Else reserving them would mean nothing."""
    assert {word for word in RESERVED if not is_slug(word)} <= {"me"} | {w for w in RESERVED if len(w) == 1}
