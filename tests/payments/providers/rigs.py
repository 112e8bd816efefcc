"""One handle per provider for the contract suite: what a payer, a network and a forger can do to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Literal, Protocol

import httpx

from app.core.clock import SystemClock
from app.core.ids import new_id
from app.core.money import Money
from app.core.mongo import Database
from app.payments.providers.base import Charge, Provider, ProviderRefused
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.provider import SandboxProvider
from app.payments.providers.sandbox.webhooks import SIGNATURE_HEADER as SANDBOX_HEADER
from app.payments.providers.signature import sign
from app.payments.providers.stripe.events import SIGNATURE_HEADER as STRIPE_HEADER
from app.payments.providers.stripe.provider import StripeProvider
from tests.fakes.stripe_server import Fault, StripeServer, running_stripe

SECRET = "whsec_contract"
Mode = Literal["page", "client_secret"]
Call = Literal["open", "refund"]


def a_charge(mode: Mode = "page", total: Money | None = None, payment_id: str | None = None) -> Charge:
    return Charge(
        payment_id=payment_id or new_id("pay"),
        order_id=new_id("ord"),
        event_id=new_id("evt"),
        description="Two seats, <b>stalls</b>",
        total=total or Money(5000, "EUR"),
        expires_at=SystemClock().now() + timedelta(minutes=5),
        return_url="http://127.0.0.1/orders/1",
        mode=mode,
        email="ada@example.org",
    )


class Rig(Protocol):
    @property
    def provider(self) -> Provider: ...

    @property
    def header(self) -> str: ...

    async def pay(self, ref: str, off_by: int = 0) -> bool:
        """Whether the payer's attempt was accepted."""
        ...

    async def decline(self, ref: str) -> None: ...

    async def lose_next_answer(self, call: Call) -> None: ...

    async def webhook(self, ref: str) -> bytes:
        """The body of the newest genuine webhook about the charge."""
        ...

    async def charges_of(self, payment_id: str) -> int:
        """How many objects the provider made for one payment."""
        ...


class SandboxRig:
    header = SANDBOX_HEADER

    def __init__(self, provider: SandboxProvider, database: Database) -> None:
        self.provider = provider
        self._ledger = database["sandbox_ledger"]

    async def pay(self, ref: str, off_by: int = 0) -> bool:
        if off_by:
            await self.provider.set_faults(Faults(mismatch=off_by, lose=1), ref)
        try:
            return (await self.provider.settle(ref, "paid")).state == "captured"
        except ProviderRefused:
            return False

    async def decline(self, ref: str) -> None:
        await self.provider.settle(ref, "declined")

    async def lose_next_answer(self, call: Call) -> None:
        await self.provider.set_faults(Faults(timeout_after_success=True, lose=1))

    async def webhook(self, ref: str) -> bytes:
        return (await self.provider.webhooks(ref))[-1].body

    async def charges_of(self, payment_id: str) -> int:
        return await self._ledger.count_documents({"payment_id": payment_id})


class StripeRig:
    header = STRIPE_HEADER

    def __init__(self, provider: StripeProvider, stripe: StripeServer) -> None:
        self.provider = provider
        self.stripe = stripe
        self.browser = httpx.AsyncClient(base_url=stripe.url)

    async def pay(self, ref: str, off_by: int = 0) -> bool:
        source = self.stripe.books.get(ref)
        amount = source.get("amount_total") or source["amount"]
        body = {"ref": ref, "outcome": "paid", "amount": amount + off_by}
        return await self._steer("pay", body)

    async def decline(self, ref: str) -> None:
        await self._steer("pay", {"ref": ref, "outcome": "declined"})

    async def lose_next_answer(self, call: Call) -> None:
        match = "POST /v1/refunds" if call == "refund" else "POST /v1/"
        self.stripe.faults.append(Fault("lost", match, seconds=30))

    async def webhook(self, ref: str) -> bytes:
        return json.dumps(self.stripe.webhooks.events[-1]).encode()

    async def charges_of(self, payment_id: str) -> int:
        roots = [item for item in self.stripe.books.objects.values() if not item.get("session")]
        kinds = ("checkout.session", "payment_intent")
        return sum(
            item["object"] in kinds and item["metadata"].get("payment_id") == payment_id for item in roots
        )

    async def _steer(self, what: str, body: dict[str, object]) -> bool:
        """Over HTTP, so that the payer races with us as he would."""
        return (await self.browser.post(f"/_fake/{what}", json=body)).is_success


@asynccontextmanager
async def sandbox_rig(database: Database) -> AsyncIterator[SandboxRig]:
    provider = SandboxProvider(
        database, SystemClock(), public_url="http://127.0.0.1:1", webhook_secret=SECRET, faults=Faults(lose=1)
    )
    yield SandboxRig(provider, database)
    await provider.aclose()


@asynccontextmanager
async def stripe_rig(timeout_seconds: float = 3.0) -> AsyncIterator[StripeRig]:
    async with running_stripe() as stripe:
        provider = stripe_provider(stripe.url, timeout_seconds)
        rig = StripeRig(provider, stripe)
        yield rig
        await rig.browser.aclose()
        await provider.aclose()


def stripe_provider(url: str, timeout_seconds: float = 3.0, api_key: str = "sk_test_x") -> StripeProvider:
    return StripeProvider(
        SystemClock(),
        api_key=api_key,
        webhook_secret=SECRET,
        api_url=url,
        timeout_seconds=timeout_seconds,
    )


def signed(rig: Rig, body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    return {rig.header: sign(body, secret, at or SystemClock().now())}
