"""Which providers exist. A new one is a folder beside this file, a line here, and its settings."""

from __future__ import annotations

from collections.abc import Callable

from app.core.clock import Clock
from app.core.mongo import Database
from app.payments.providers.base import Provider
from app.payments.providers.sandbox.provider import SandboxProvider
from app.payments.providers.stripe.provider import StripeProvider
from app.settings import Payments, Runtime

Factory = Callable[[Payments, Runtime, Database, Clock], Provider]


def build_provider(
    name: str, payments: Payments, runtime: Runtime, database: Database, clock: Clock
) -> Provider:
    """Raises ``ValueError`` at start-up when the provider is unknown or one of its secrets is missing."""
    factory = FACTORIES.get(name)
    if factory is None:
        raise ValueError(f"USHER_PROVIDERS names {name!r}; known are {', '.join(sorted(FACTORIES))}")
    return factory(payments, runtime, database, clock)


def _sandbox(payments: Payments, runtime: Runtime, database: Database, clock: Clock) -> Provider:
    if runtime.env == "production":
        raise ValueError("USHER_PROVIDERS names the sandbox, which takes no real money")
    return SandboxProvider(
        database,
        clock,
        public_url=runtime.public_url,
        webhook_secret=_needed(
            "USHER_SANDBOX_WEBHOOK_SECRET", payments.sandbox_webhook_secret.get_secret_value()
        ),
        timeout_seconds=payments.provider_timeout_seconds,
    )


def _stripe(payments: Payments, runtime: Runtime, database: Database, clock: Clock) -> Provider:
    return StripeProvider(
        clock,
        api_key=_needed("USHER_STRIPE_API_KEY", payments.stripe_api_key.get_secret_value()),
        webhook_secret=_needed(
            "USHER_STRIPE_WEBHOOK_SECRET", payments.stripe_webhook_secret.get_secret_value()
        ),
        api_url=payments.stripe_api_url,
        account=payments.stripe_account,
        timeout_seconds=payments.provider_timeout_seconds,
    )


def _needed(variable: str, value: str) -> str:
    if not value.strip():
        raise ValueError(f"{variable} is not set, but USHER_PROVIDERS enables what needs it")
    return value


FACTORIES: dict[str, Factory] = {"sandbox": _sandbox, "stripe": _stripe}
