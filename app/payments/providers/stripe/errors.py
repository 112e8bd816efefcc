"""Stripe's errors as ours.

Messages of Stripe may quote the buyer's address or a part of the key, so only its codes are passed on,
and the original error does not travel along into a log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stripe import APIConnectionError, StripeError

from app.payments.providers.base import ProviderRefused, ProviderUnavailable

_UNDECIDED = frozenset({401, 403, 409, 429})
"""Our key is wrong, the first call with the same idempotency key still runs, or we are too fast:
nothing was decided about the charge."""


@asynccontextmanager
async def stripe_answers(timeout_seconds: float) -> AsyncIterator[None]:
    """The HTTP client bounds each read; this bounds the whole call, dripping answers included."""
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except TimeoutError:
        raise ProviderUnavailable("Stripe did not answer in time") from None
    except StripeError as error:
        raise _translated(error) from None


def _translated(error: StripeError) -> ProviderUnavailable | ProviderRefused:
    status = error.http_status
    detail = f"Stripe answered {status or 'nothing'}, code {error.code or type(error).__name__}"
    if error.request_id:
        detail += f", request {error.request_id}"
    if isinstance(error, APIConnectionError) or status is None or status >= 500 or status in _UNDECIDED:
        return ProviderUnavailable(detail)
    return ProviderRefused(detail, provider_code=error.code or "")
