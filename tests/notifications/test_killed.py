"""kill -9 of the worker between handing something over and writing that down: at most one duplicate, and
the record says so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.notifications.models import Channel
from tests.notifications.doomed_worker import PATIENCE, died, doomed_worker
from tests.notifications.office import Office
from tests.notifications.queue import Guest, a_queue

pytestmark = pytest.mark.process


def arrived(guest: Guest, channel: Channel) -> Sequence[str]:
    return guest.texts() if channel == "sms" else guest.letters()


async def somebody(office: Office, channel: Channel) -> Guest:
    """To whom something is owed."""
    queue = await a_queue(office)
    guest = await queue.somebody(phone=channel == "sms", email=channel == "email")
    await office.hear()
    await let_go(office)
    return guest


async def let_go(office: Office) -> None:
    """As if the leases of those who died before had run out."""
    redis = office.house.services.engines.redis
    async for key in redis.scan_iter("usher:lease:*"):
        await redis.delete(key)


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_killed_after_the_answer_it_is_sent_once_more_and_marked(
    office: Office, channel: Channel
) -> None:
    guest = await somebody(office, channel)
    with doomed_worker(office.house.services.engines.settings, struck=True) as process:
        assert await died(process)
    assert len(arrived(guest, channel)) == 1
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"]) == ("sending", False)
    for _ in range(3):
        await office.make_due()
        await office.deliver()
    assert len(arrived(guest, channel)) == 2
    assert len(set(arrived(guest, channel))) == 1
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"], mail["tries"]) == ("sent", True, 2)


async def test_killed_while_the_provider_is_silent_and_killed_again(office: Office) -> None:
    """A letter may be told by its id; a phone must not ring a third time."""
    guest = await somebody(office, "sms")
    settings = office.house.services.engines.settings
    office.twilio.next = ["keep_and_hang"]
    with doomed_worker(settings, struck=False) as process:
        async with asyncio.timeout(PATIENCE):
            await office.twilio.taken.wait()
        process.kill()
        assert await died(process)
    await office.make_due()
    await let_go(office)
    with doomed_worker(settings, struck=True) as process:
        assert await died(process)
    for _ in range(3):
        await office.make_due()
        await office.deliver()
    assert len(guest.texts()) == 2
    [mail] = await office.mails()
    assert (mail["status"], mail["unsure"]) == ("given_up", True)
