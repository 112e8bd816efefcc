"""A provider whose signature is one word, and an order side that remembers what it settled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import ClassVar, Literal

import orjson

from app.core.money import Money
from app.payments.providers.base import Charge, Notice, Reading, RefundReading, Session, Unverified


class FakeProvider:
    name: ClassVar[str] = "fake"
    account = "acct_1"
    live = False

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Notice:
        if headers.get("X-Signature") != "good":
            raise Unverified
        return Notice(**orjson.loads(body))

    async def open(self, charge: Charge) -> Session:
        raise AssertionError("an inbox opens nothing")

    async def read(self, ref: str) -> Reading:
        raise AssertionError("settling reads, not the inbox")

    async def close(self, ref: str) -> Reading:
        raise AssertionError("an inbox closes nothing")

    async def refund(self, ref: str, refund_id: str, amount: Money, reason: str) -> RefundReading:
        raise AssertionError("an inbox refunds nothing")

    async def captured_since(self, since: datetime) -> AsyncIterator[Reading]:
        nothing: tuple[Reading, ...] = ()
        for reading in nothing:
            yield reading

    async def aclose(self) -> None:
        return


class Settlements:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.outcome: Literal["settled", "unknown"] = "settled"
        self.error: Exception | None = None

    async def by_ref(self, provider: str, ref: str) -> Literal["settled", "unknown"]:
        self.calls.append((provider, ref))
        if self.error:
            raise self.error
        return self.outcome


SIGNED = {"X-Signature": "good"}


def notice(external_id: str = "evt_1", ref: str | None = "cs_1", **more: object) -> bytes:
    return orjson.dumps({"external_id": external_id, "type": "paid", "ref": ref, **more})
