"""What a payment provider must be able to do. Stripe, Square, PayPal and the sandbox stand behind it.

A provider is told *what* to charge and answers with *readings*: the state of the object as the
provider itself sees it now. A webhook is only a hint where to look; nothing is believed from its body.

Errors: ``ProviderUnavailable`` when the outcome is unknown (time-out, 5xx, 429): the caller repeats with
the same arguments, and the same object answers. ``ProviderRefused`` when the provider said no for good.
``Unverified`` when a webhook's signature does not hold.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from app.core.errors import Problem, Transient
from app.core.money import Money


class ProviderUnavailable(Transient):
    code, title = "provider_unavailable", "The payment provider does not answer"


class ProviderRefused(Problem):
    status, code, title = 409, "provider_refused", "The payment provider refused"


class Unverified(Problem):
    """Nothing in the request was looked at beyond its signature."""

    status, code, title = 400, "invalid_signature", "The signature does not verify"


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt to be paid. ``payment_id`` is the idempotency key of ``open``."""

    payment_id: str
    order_id: str
    event_id: str
    description: str
    total: Money
    expires_at: datetime
    """The hold's deadline. A provider whose sessions live longer is closed by us in time."""
    return_url: str
    mode: Literal["page", "client_secret"] = "page"
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The provider's object for one charge. ``ref`` is its id there."""

    ref: str
    url: str | None = None
    client_secret: str | None = None


@dataclass(frozen=True, slots=True)
class RefundReading:
    refund_id: str
    """Ours, as given to ``refund``."""
    ref: str
    amount: int
    state: Literal["pending", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The truth about one charge as its provider tells it now.

    ``open``: may still be paid. ``failed``: may still be paid, the last attempt was declined.
    ``captured``: money is ours, ``captured`` says how much. ``closed``: can never be paid any more.
    """

    ref: str
    payment_id: str
    state: Literal["open", "failed", "captured", "closed"]
    captured: Money | None = None
    account: str = ""
    live: bool = False
    refunds: tuple[RefundReading, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified webhook, normalised: which of the provider's objects to read again.

    ``ref`` is what ``read`` takes, or None where the type does not concern us (stored and ignored).
    """

    external_id: str
    type: str
    ref: str | None
    account: str = ""
    live: bool = False


class Provider(Protocol):
    name: ClassVar[str]

    @property
    def account(self) -> str:
        """The merchant account readings and notices must name; empty when it cannot be known."""
        ...

    @property
    def live(self) -> bool: ...

    async def open(self, charge: Charge) -> Session:
        """Idempotent by ``payment_id``: called again, also after a crash, it gives the same object."""
        ...

    async def read(self, ref: str) -> Reading: ...

    async def close(self, ref: str) -> Reading:
        """The fence: makes the charge unpayable, or finds that it is captured. Reads afterwards.

        The reading is ``closed`` or ``captured`` when the question is settled; anything else means
        that the caller must ask again later.
        """
        ...

    async def refund(self, ref: str, refund_id: str, amount: Money, reason: str) -> RefundReading:
        """Idempotent by ``refund_id``."""
        ...

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Checks the signature over the raw body first and parses after. Raises ``Unverified``."""
        ...

    def captured_since(self, since: datetime) -> AsyncIterator[Reading]:
        """Every captured charge since then, for reconciliation and for a restored backup."""
        ...

    async def aclose(self) -> None:
        """Lets go of connections and background work; afterwards the provider is not used again."""
        ...
