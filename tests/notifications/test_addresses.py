"""Addresses have names that only the ring can make."""

from __future__ import annotations

import pytest

from app.core.security import KeyRing
from app.notifications.addresses import Addresses
from app.notifications.models import Channel, Way
from tests.notifications.workers import ADDRESSES


@pytest.mark.parametrize(("channel", "address"), [("email", "ada@example.com"), ("sms", "+15005550007")])
def test_an_address_is_known_under_every_key_there_is(channel: Channel, address: str) -> None:
    one, two = f"1:{'o' * 40}", f"2:{'t' * 40}"
    before, both, after = (Addresses(KeyRing(keys)) for keys in (one, f"{two},{one}", two))
    way = Way(channel, before.name(channel, address))
    assert both.name(channel, address) == way.to
    assert both.leads_to(way, address)
    assert both.leads_to(Way(channel, after.name(channel, address)), address)
    assert not both.leads_to(way, f"1{address}")
    assert not after.leads_to(way, address), "the key is gone, and nothing tells whose it was"
    other: Channel = "sms" if channel == "email" else "email"
    assert before.name(other, address) != way.to


def test_a_mailbox_has_one_spelling() -> None:
    assert ADDRESSES.name("email", " Ada@Example.com") == ADDRESSES.name("email", "ada@example.com")
