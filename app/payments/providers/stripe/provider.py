"""Stripe: Checkout Sessions for the hosted page, PaymentIntents for a client secret.

A session is named ``cs_...``, an intent ``pi_...``; everything here takes either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from stripe import HTTPClient, HTTPXClient, StripeClient

from app.core.clock import Clock
from app.core.money import Money
from app.payments.providers.base import Charge, Notice, ProviderRefused, Reading, RefundReading, Session
from app.payments.providers.signature import check, header_of
from app.payments.providers.stripe.currencies import to_stripe
from app.payments.providers.stripe.errors import stripe_answers
from app.payments.providers.stripe.events import SIGNATURE_HEADER, notice_of
from app.payments.providers.stripe.readings import Object, intent_reading, refund_reading, session_reading
from app.payments.providers.stripe.requests import intent_params, refund_params, session_params

_REFUNDS = "latest_charge.refunds"
_SESSION_REFUNDS = f"payment_intent.{_REFUNDS}"
_LONGEST_SESSION = timedelta(hours=24)
_PAGE = 100


class StripeProvider:
    name: ClassVar[str] = "stripe"

    def __init__(
        self,
        clock: Clock,
        *,
        api_key: str,
        webhook_secret: str,
        api_url: str = "https://api.stripe.com",
        account: str = "",
        timeout_seconds: float = 10.0,
        http_client: HTTPClient | None = None,
    ) -> None:
        """``account`` names a connected account: calls act for it, and its events must name it."""
        self._clock = clock
        self._webhook_secret = webhook_secret
        self._account = account
        self._live = api_key.startswith(("sk_live_", "rk_live_"))
        self._timeout = timeout_seconds
        self._http = http_client or HTTPXClient(timeout=timeout_seconds)
        # Without retries of its own: who repeats a call is decided by the caller, under the same key.
        self._api = StripeClient(
            api_key,
            stripe_account=account or None,
            base_addresses={"api": api_url},
            max_network_retries=0,
            http_client=self._http,
        ).v1

    @property
    def account(self) -> str:
        return self._account

    @property
    def live(self) -> bool:
        return self._live

    async def open(self, charge: Charge) -> Session:
        async with stripe_answers(self._timeout):
            if charge.mode == "page":
                session = await self._api.checkout.sessions.create_async(
                    session_params(charge), {"idempotency_key": charge.payment_id}
                )
                return Session(ref=session.id, url=session.url)
            intent = await self._api.payment_intents.create_async(
                intent_params(charge), {"idempotency_key": charge.payment_id}
            )
            return Session(ref=intent.id, client_secret=intent.client_secret)

    async def read(self, ref: str) -> Reading:
        async with stripe_answers(self._timeout):
            return await self._read(ref)

    async def close(self, ref: str) -> Reading:
        """No idempotency key: Stripe would repeat an old refusal, and ending twice is ending once."""
        try:
            async with stripe_answers(self._timeout):
                return await self._close(ref)
        except ProviderRefused:
            # Paid, being paid, or closed already: only reading again tells which.
            return await self.read(ref)

    async def refund(self, ref: str, refund_id: str, amount: Money, reason: str) -> RefundReading:
        """Looks before it asks: Stripe forgets keys after a day, and repeats a saved 500 until then."""
        async with stripe_answers(self._timeout):
            intent = await self._intent(ref)
            _refuse_other_currency(intent, amount)
            made = [item for item in await self._refunds(intent) if _is_refund(item, refund_id)]
            if made:
                return _same_amount(made[0], amount)
            created = await self._api.refunds.create_async(
                refund_params(intent["id"], refund_id, amount, reason), {"idempotency_key": refund_id}
            )
            return refund_reading(created.to_dict())

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Notice:
        check(header_of(headers, SIGNATURE_HEADER), body, self._webhook_secret, self._clock.now())
        return notice_of(body)

    async def captured_since(self, since: datetime) -> AsyncIterator[Reading]:
        """Named by their intents. Lists by creation, which is up to a session's life before the capture."""
        created = int((since - _LONGEST_SESSION).timestamp())
        after: str | None = None
        while True:
            page, has_more = await self._page_of_intents(created, after)
            for intent in page:
                if _is_ours_and_captured(intent, since):
                    async with stripe_answers(self._timeout):
                        reading = await self._intent_reading(intent)
                    yield reading
            if not has_more or not page:
                return
            after = page[-1]["id"]

    async def aclose(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def _read(self, ref: str) -> Reading:
        if _is_session(ref):
            return await self._session_reading(await self._session(ref))
        return await self._intent_reading(await self._intent(ref))

    async def _close(self, ref: str) -> Reading:
        if _is_session(ref):
            session = await self._api.checkout.sessions.expire_async(ref, {"expand": [_SESSION_REFUNDS]})
            return await self._session_reading(session.to_dict())
        intent = await self._api.payment_intents.cancel_async(ref, {"expand": [_REFUNDS]})
        return await self._intent_reading(intent.to_dict())

    async def _session_reading(self, session: Object) -> Reading:
        refunds = await self._refunds(session.get("payment_intent") or {})
        return session_reading(session, refunds, self._account)

    async def _intent_reading(self, intent: Object) -> Reading:
        return intent_reading(intent, await self._refunds(intent), self._account)

    async def _session(self, ref: str) -> Object:
        session = await self._api.checkout.sessions.retrieve_async(ref, {"expand": [_SESSION_REFUNDS]})
        return session.to_dict()

    async def _intent(self, ref: str) -> Object:
        if not _is_session(ref):
            intent = await self._api.payment_intents.retrieve_async(ref, {"expand": [_REFUNDS]})
            return intent.to_dict()
        of_session: Object | None = (await self._session(ref)).get("payment_intent")
        if of_session is None:
            raise ProviderRefused("Nothing was captured", provider_code="no_payment_intent")
        return of_session

    async def _refunds(self, intent: Object) -> Sequence[Object]:
        """An expanded charge carries its newest ten; more need their own list."""
        charge: Object = intent.get("latest_charge") or {}
        refunds: Object = charge.get("refunds") or {"data": [], "has_more": False}
        if not refunds["has_more"]:
            return list(refunds["data"])
        pages = await self._api.refunds.list_async({"payment_intent": intent["id"], "limit": _PAGE})
        return [refund.to_dict() async for refund in pages.auto_paging_iter()]

    async def _page_of_intents(self, created: int, after: str | None) -> tuple[list[Object], bool]:
        async with stripe_answers(self._timeout):
            page = await self._api.payment_intents.list_async(
                {
                    "created": {"gte": created},
                    "limit": _PAGE,
                    "expand": [f"data.{_REFUNDS}"],
                    **({"starting_after": after} if after else {}),
                }
            )
        return [intent.to_dict() for intent in page.data], page.has_more


def _is_session(ref: str) -> bool:
    if not ref.startswith(("cs_", "pi_")):
        raise ProviderRefused("This is not a reference of Stripe")
    return ref.startswith("cs_")


def _is_refund(refund: Object, refund_id: str) -> bool:
    return bool((refund.get("metadata") or {}).get("refund_id") == refund_id)


def _is_ours_and_captured(intent: Object, since: datetime) -> bool:
    """An account may also serve other systems; theirs carry no payment id of ours."""
    if intent["status"] != "succeeded" or not (intent.get("metadata") or {}).get("payment_id"):
        return False
    charge: Object = intent.get("latest_charge") or intent
    return int(charge["created"]) >= int(since.timestamp())


def _refuse_other_currency(intent: Object, amount: Money) -> None:
    if intent["currency"].upper() != amount.currency or to_stripe(amount) <= 0:
        raise ProviderRefused("Only a positive amount in the captured currency can be refunded")


def _same_amount(refund: Object, amount: Money) -> RefundReading:
    reading = refund_reading(refund)
    if reading.amount != amount.amount:
        raise ProviderRefused("This refund was made with another amount")
    return reading
