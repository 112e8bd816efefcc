"""G8: nothing forged is accepted, whichever provider it pretends to come from."""

from __future__ import annotations

import json
import random
import secrets
from datetime import timedelta

import pytest

from app.core.clock import SystemClock
from app.core.errors import Invalid
from app.payments.providers.base import Unverified
from tests.payments.providers.rigs import SECRET, Rig, a_charge, signed

NOW = SystemClock().now


async def _genuine(rig: Rig) -> tuple[str, bytes]:
    charge = a_charge()
    ref = (await rig.provider.open(charge)).ref
    await rig.pay(ref)
    return charge.payment_id, await rig.webhook(ref)


async def test_a_genuine_webhook_leads_to_our_payment(rig: Rig) -> None:
    payment_id, body = await _genuine(rig)
    notice = await rig.provider.verify(signed(rig, body), body)
    assert notice.external_id == json.loads(body)["id"]
    assert (notice.account, notice.live) == (rig.provider.account, rig.provider.live)
    assert notice.ref is not None
    reading = await rig.provider.read(notice.ref)
    assert (reading.payment_id, reading.state) == (payment_id, "captured")
    assert await rig.provider.verify(signed(rig, body), body) == notice


async def test_the_name_of_the_header_has_no_case(rig: Rig) -> None:
    _, body = await _genuine(rig)
    [(name, value)] = signed(rig, body).items()
    for spelling in (name.lower(), name.upper()):
        assert (await rig.provider.verify({"X-Other": "1", spelling: value}, body)).external_id


async def test_one_good_signature_among_several_is_enough(rig: Rig) -> None:
    """A secret that is being changed signs twice."""
    _, body = await _genuine(rig)
    [(name, value)] = signed(rig, body).items()
    timestamp, _, genuine = value.partition(",")
    await rig.provider.verify({name: f"{timestamp},v1={'0' * 64},v0=x,{genuine}"}, body)


@pytest.mark.parametrize("seconds", [-299, 299])
async def test_clocks_may_differ_a_little(rig: Rig, seconds: int) -> None:
    _, body = await _genuine(rig)
    await rig.provider.verify(signed(rig, body, at=NOW() + timedelta(seconds=seconds)), body)


@pytest.mark.parametrize("seconds", [-86400 * 3, -302, 302, 86400 * 3])
async def test_old_and_future_ones_are_refused(rig: Rig, seconds: int) -> None:
    _, body = await _genuine(rig)
    with pytest.raises(Unverified):
        await rig.provider.verify(signed(rig, body, at=NOW() + timedelta(seconds=seconds)), body)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        "garbage",
        "t=,v1=",
        "t=1",
        "v1=00",
        "t=x,v1=00",
        "t=-1,v1=00",
        "t=1e3,v1=00",
        "t=\u0661,v1=00",
        "t=99999999999999999999,v1=00",
        "t=1,t=1,v1=00",
        "v1=\u00e9,t=1",
        "t=1," + "v1=00," * 5000,
        "\x00",
    ],
)
async def test_garbled_headers_are_refused(rig: Rig, value: str) -> None:
    _, body = await _genuine(rig)
    with pytest.raises(Unverified):
        await rig.provider.verify({rig.header: value}, body)


async def test_without_the_header_nothing_is_believed(rig: Rig) -> None:
    _, body = await _genuine(rig)
    for headers in ({}, {"Authorization": "Bearer x"}):
        with pytest.raises(Unverified):
            await rig.provider.verify(headers, body)


async def test_the_raw_body_is_what_was_signed(rig: Rig) -> None:
    _, body = await _genuine(rig)
    headers = signed(rig, body)
    rewritten = json.dumps(json.loads(body), sort_keys=True).encode()
    for other in (rewritten, body + b" ", body[:-1], b"", body.replace(b"1", b"2"), b"\xff\xfe"):
        with pytest.raises(Unverified):
            await rig.provider.verify(headers, other)


async def test_another_endpoints_secret_is_refused(rig: Rig) -> None:
    _, body = await _genuine(rig)
    for secret in ("", "whsec_other", SECRET + " ", SECRET.upper()):
        with pytest.raises(Unverified):
            await rig.provider.verify(signed(rig, body, secret=secret), body)


async def test_no_forged_webhook_of_200_is_accepted(rig: Rig) -> None:
    _, body = await _genuine(rig)
    [(name, value)] = signed(rig, body).items()
    await rig.provider.verify({name: value}, body)
    accepted = 0
    for seed in range(200):
        forged_value, forged_body = _forged(value, body, random.Random(seed))
        try:
            await rig.provider.verify({name: forged_value}, forged_body)
            accepted += 1
        except Unverified:
            pass
    assert accepted == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"null", b"{}", b'{"id": 1}', b"\xff", b"[" * 10_000])
async def test_a_signed_body_that_is_no_webhook_is_invalid(rig: Rig, body: bytes) -> None:
    with pytest.raises(Invalid):
        await rig.provider.verify(signed(rig, body), body)


async def test_unknown_types_are_stored_and_ignored(rig: Rig) -> None:
    _, body = await _genuine(rig)
    event = json.loads(body) | {"type": "customer.created"}
    other = json.dumps(event).encode()
    notice = await rig.provider.verify(signed(rig, other), other)
    assert (notice.type, notice.ref, notice.external_id) == ("customer.created", None, event["id"])


async def test_live_mode_is_told(rig: Rig) -> None:
    _, body = await _genuine(rig)
    event = json.loads(body)
    flipped = json.dumps(event | {"live": True, "livemode": True, "account": "acct_other"}).encode()
    notice = await rig.provider.verify(signed(rig, flipped), flipped)
    assert (notice.live, notice.account) == (True, "acct_other")


def _forged(value: str, body: bytes, chance: random.Random) -> tuple[str, bytes]:
    """One change to the header or the body: every kind that leaves a different message."""
    timestamp, _, signature = value.partition(",v1=")
    match chance.randrange(5):
        case 0:
            at = chance.randrange(len(signature))
            other = chance.choice([c for c in "0123456789abcdef" if c != signature[at]])
            return f"{timestamp},v1={signature[:at]}{other}{signature[at + 1 :]}", body
        case 1:
            at = chance.randrange(len(body))
            return value, body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]
        case 2:
            moved = int(timestamp[2:]) + chance.choice([-1, 1]) * chance.randrange(1, 250)
            return f"t={moved},v1={signature}", body
        case 3:
            return f"{timestamp},v1={secrets.token_hex(32)}", body
        case _:
            cut = chance.randrange(len(signature))
            return f"{timestamp},v1={signature[:cut]}", body
