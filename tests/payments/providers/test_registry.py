"""Start-up refuses a provider that could not do its work."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.core.clock import SystemClock
from app.core.mongo import Database
from app.payments.providers.base import Provider
from app.payments.providers.registry import FACTORIES, build_provider
from app.settings import Payments, Runtime
from tests.payments.providers.conftest import PROVIDERS

SET = Payments(
    stripe_api_key=SecretStr("sk_test_x"),
    stripe_webhook_secret=SecretStr("whsec_x"),
    sandbox_webhook_secret=SecretStr("whsec_y"),
)


def _build(name: str, payments: Payments, database: Database, env: str = "test") -> Provider:
    runtime = Runtime.model_validate({"env": env})
    return build_provider(name, payments, runtime, database, SystemClock())


@pytest.mark.parametrize("name", sorted(FACTORIES))
async def test_every_provider_is_built_and_stands_in_the_contract_suite(
    name: str, database: Database
) -> None:
    provider = _build(name, SET, database)
    assert provider.name == name
    assert name in PROVIDERS
    await provider.aclose()


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("sandbox", "sandbox_webhook_secret"),
        ("stripe", "stripe_api_key"),
        ("stripe", "stripe_webhook_secret"),
    ],
)
@pytest.mark.parametrize("value", ["", "  "])
async def test_a_missing_secret_is_named(name: str, field: str, value: str, database: Database) -> None:
    payments = SET.model_copy(update={field: SecretStr(value)})
    with pytest.raises(ValueError, match=f"USHER_{field.upper()}"):
        _build(name, payments, database)


async def test_unknown_names_and_the_sandbox_in_production_are_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="known are sandbox, stripe"):
        _build("bank", SET, database)
    with pytest.raises(ValueError, match="no real money"):
        _build("sandbox", SET, database, env="production")
