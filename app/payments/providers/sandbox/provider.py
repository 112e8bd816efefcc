"""A complete payment provider for development: its own ledger, payment page and signed webhooks.

It takes no real money, so the registry refuses it in production.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar

from app.core.clock import Clock
from app.core.money import Money
from app.core.mongo import Database, PyMongoError, is_unavailable
from app.payments.providers.base import (
    Charge,
    Notice,
    ProviderRefused,
    ProviderUnavailable,
    Reading,
    RefundReading,
    Session,
)
from app.payments.providers.sandbox.charges import ACCOUNT, LedgerCharge, Outcome
from app.payments.providers.sandbox.courier import Courier
from app.payments.providers.sandbox.faults import Faults
from app.payments.providers.sandbox.ledger import PAYABLE, SandboxLedger
from app.payments.providers.sandbox.webhooks import Webhook, verified_notice, webhooks_of

WEBHOOK_PATH = "/api/v1/webhooks/sandbox"
PAGE_PATH = "/sandbox/pay"


class SandboxProvider:
    name: ClassVar[str] = "sandbox"

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        public_url: str,
        webhook_secret: str,
        timeout_seconds: float = 10.0,
        faults: Faults | None = None,
        webhook_url: str | None = None,
    ) -> None:
        """``faults`` hold for this process unless the ledger or the charge says otherwise."""
        self._ledger = SandboxLedger(database, clock)
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._secret = webhook_secret
        self._faults = faults or Faults()
        self._courier = Courier(
            webhook_url or self._public_url + WEBHOOK_PATH, webhook_secret, clock, timeout_seconds
        )

    @property
    def account(self) -> str:
        return ACCOUNT

    @property
    def live(self) -> bool:
        return False

    async def open(self, charge: Charge) -> Session:
        with _ledger_answers():
            faults = await self._interfere(None)
            stored, created = await self._ledger.insert(charge)
        if stored.total != charge.total or stored.mode != charge.mode:
            raise ProviderRefused("This payment was opened with other terms")
        if created and faults.timeout_after_success:
            raise ProviderUnavailable("The sandbox was told to lose this answer")
        return stored.session(self.page_url(stored.ref))

    async def read(self, ref: str) -> Reading:
        with _ledger_answers():
            charge = await self.charge(ref)
            await self._interfere(charge)
            return charge.reading()

    async def close(self, ref: str) -> Reading:
        with _ledger_answers():
            charge = await self.charge(ref)
            faults = await self._interfere(charge)
            closed = await self._ledger.move(ref, PAYABLE, "closed", "payment.closed")
            if closed is None:
                return (await self.charge(ref)).reading()
            self._announce(closed, faults)
            return closed.reading()

    async def refund(self, ref: str, refund_id: str, amount: Money, reason: str) -> RefundReading:
        with _ledger_answers():
            charge = await self.charge(ref)
            faults = await self._interfere(charge)
            if amount.amount <= 0 or charge.captured is None or amount.currency != charge.captured.currency:
                raise ProviderRefused("Only a positive amount in the captured currency can be refunded")
            refunded = await self._ledger.add_refund(ref, refund_id, amount.amount, reason)
            charge = refunded or await self.charge(ref)
        reading = charge.refund(refund_id)
        if reading is None:
            raise ProviderRefused("Refunds cannot exceed what was captured")
        if reading.amount != amount.amount:
            raise ProviderRefused("This refund was made with another amount")
        if refunded is not None:
            self._announce(refunded, faults)
            if faults.timeout_after_success:
                raise ProviderUnavailable("The sandbox was told to lose this answer")
        return reading

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Notice:
        return verified_notice(headers, body, self._secret, self._clock)

    async def captured_since(self, since: datetime) -> AsyncIterator[Reading]:
        with _ledger_answers():
            async for charge in self._ledger.captured_since(since):
                yield charge.reading()

    async def aclose(self) -> None:
        await self._courier.aclose()

    # What the payer and the tests do with the sandbox, beside the protocol.

    async def settle(self, ref: str, outcome: Outcome) -> Reading:
        """The payer's decision. Against ``close`` there is exactly one winner.

        Paying twice is one payment. Raises ``ProviderRefused`` when the charge is over.
        """
        with _ledger_answers():
            charge = await self.charge(ref)
            faults = await self._faults_of(charge)
            settled = await self._settle(charge, "declined" if faults.decline else outcome, faults)
            if settled is not None:
                self._announce(settled, faults)
                return settled.reading()
            charge = await self.charge(ref)
        if charge.state == "captured" and outcome == "paid":
            return charge.reading()
        raise ProviderRefused(f"This charge is {charge.state}", state=charge.state)

    async def charge(self, ref: str) -> LedgerCharge:
        charge = await self._ledger.find(ref)
        if charge is None:
            raise ProviderRefused("The sandbox has no such charge")
        if charge.state in PAYABLE and charge.expires_at <= self._clock.now():
            ended = await self._ledger.end_overdue(charge)
            return ended or charge
        return charge

    async def set_faults(self, faults: Faults | None, ref: str | None = None) -> bool:
        """For one charge, or for all processes on this ledger. False when there is no such charge."""
        with _ledger_answers():
            return await self._ledger.set_faults(faults, ref)

    async def webhooks(self, ref: str) -> list[Webhook]:
        """All webhooks of a charge, as they were or would have been sent."""
        with _ledger_answers():
            return webhooks_of(await self.charge(ref))

    async def redeliver(self, ref: str, faults: Faults | None = None) -> None:
        """Sends all of them again under their old ids."""
        for webhook in await self.webhooks(ref):
            self._courier.send(webhook, faults or Faults())

    async def webhooks_sent(self) -> None:
        """Waits until no webhook of this process is under way."""
        await self._courier.settle()

    def page_url(self, ref: str) -> str:
        return f"{self._public_url}{PAGE_PATH}/{ref}"

    async def _settle(self, charge: LedgerCharge, outcome: Outcome, faults: Faults) -> LedgerCharge | None:
        if outcome == "declined":
            return await self._ledger.move(charge.ref, PAYABLE, "failed", "payment.declined")
        if outcome == "failed":
            return await self._ledger.move(charge.ref, PAYABLE, "closed", "payment.closed")
        sources = (*PAYABLE, "closed") if faults.captures_when_closed else PAYABLE
        amount = Money(charge.total.amount + faults.mismatch, charge.total.currency)
        return await self._ledger.move(charge.ref, sources, "captured", "payment.captured", amount)

    async def _interfere(self, charge: LedgerCharge | None) -> Faults:
        faults = await self._faults_of(charge)
        await asyncio.sleep(faults.slow_seconds)
        if faults.unavailable:
            raise ProviderUnavailable("The sandbox was told to be away")
        return faults

    async def _faults_of(self, charge: LedgerCharge | None) -> Faults:
        own = charge.faults if charge else None
        return own or await self._ledger.shared_faults() or self._faults

    def _announce(self, charge: LedgerCharge, faults: Faults) -> None:
        self._courier.send(webhooks_of(charge)[-1], faults)


@contextmanager
def _ledger_answers() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        if is_unavailable(error):
            raise ProviderUnavailable("The sandbox's ledger does not answer") from error
        raise
