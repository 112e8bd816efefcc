"""The QR code on the staff's screen: shown for a while, good for one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.queues.house import House, Json, problem


async def age(house: House, line: Json, by: timedelta) -> None:
    """All its invites were issued that much earlier."""
    document = await house.database["services"].find_one({"_id": line["id"]})
    assert document is not None
    invites = [invite | {"at": invite["at"] - by} for invite in document["invites"]]
    await house.database["services"].update_one({"_id": line["id"]}, {"$set": {"invites": invites}})
    house.lines.directory.forget(await house.lines.directory.stored(line["id"]))


async def test_it_stays_until_it_is_claimed(house: House) -> None:
    line = await house.line()
    first = await house.invite(line)
    assert await house.invite(line) == first
    assert first["url"] == f"http://lines.test/{line['slug']}/join#{first['invite']}"
    assert (await house.try_claim(line, first["invite"])).status_code == 201
    second = await house.invite(line)
    assert (first["n"], second["n"]) == (1, 2)
    assert first["invite"] not in second["invite"]


async def test_many_screens_show_the_same(house: House) -> None:
    line = await house.line()
    for _ in range(2):
        shown = await asyncio.gather(*(house.invite(line) for _ in range(6)))
        assert len({invite["invite"] for invite in shown}) == 1
        await house.try_claim(line, shown[0]["invite"])


async def test_after_a_while_there_is_a_new_one_and_the_old_is_good_for_some_minutes(house: House) -> None:
    line = await house.line()
    old = await house.invite(line)
    await age(house, line, timedelta(seconds=61))
    new = await house.invite(line)
    assert new["n"] == 2
    assert (await house.try_claim(line, old["invite"])).status_code == 201
    assert (await house.invite(line))["n"] == 2
    await age(house, line, timedelta(seconds=601))
    assert problem(await house.try_claim(line, new["invite"])) == (410, "invite_expired")
    assert (await house.invite(line))["n"] == 3
    assert problem(await house.try_claim(line, new["invite"])) == (410, "invite_expired")


async def test_one_that_another_process_has_just_issued_is_known(house: House) -> None:
    line = await house.line()
    remembered = await house.lines.directory.get(line["id"])
    assert not remembered.invites
    invite = await house.invite(line)
    assert (await house.lines.directory.get(line["id"])) is remembered
    assert (await house.try_claim(line, invite["invite"])).status_code == 201


@pytest.mark.parametrize(
    "change", ["other line", "other number", "cut", "no number", "words", "huge", "digits"]
)
async def test_what_is_not_ours_looks_like_what_is_over(house: House, change: str) -> None:
    line, other = await house.line(), await house.line()
    invite = (await house.invite(line))["invite"]
    secret, _, n = invite.rpartition(".")
    forged = {
        "other line": (await house.invite(other))["invite"],
        "other number": f"{secret}.{int(n) + 1}",
        "cut": invite[1:],
        "no number": secret,
        "words": f"{secret}.one",
        "huge": f"{secret}.{'9' * 40}",
        "digits": f"{secret}.\N{ARABIC-INDIC DIGIT ONE}",
    }[change]
    assert problem(await house.try_claim(line, forged)) == (410, "invite_expired")


async def test_it_can_be_drawn(house: House) -> None:
    line = await house.line()
    for kind, media, begins in (
        ("svg", "image/svg+xml", b"<?xml"),
        ("png", "image/png", b"\x89PNG"),
    ):
        answer = await house.call("GET", f"/services/{line['id']}/invite.{kind}", token=house.staff)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content.startswith(begins)


async def test_turning_to_the_next_makes_nobodys_change_stale(house: House) -> None:
    line = await house.line()
    await house.invite(line)
    await house.change(line, version=line["version"], name="Other")
    assert (await house.invite(line))["n"] == 1


async def test_a_change_meanwhile_keeps_the_invites(house: House) -> None:
    """Two writers of one document, each with fields of its own."""
    line = await house.line()
    invite = await house.invite(line)
    await house.change(line, name="Other")
    assert (await house.try_claim(line, invite["invite"])).status_code == 201
