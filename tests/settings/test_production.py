"""Production refuses to start on what only development may use; nothing else reads the environment."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.core.security import KeyRing
from app.settings import DEVELOPMENT_KEY, Mail, Mongo, Payments, Runtime, Sales, Security, Settings, Sms

OWN_KEY = SecretStr("1:a-key-of-our-own-a-key-of-our-own-1")


def production(security: Security, payments: Payments) -> Settings:
    mail = Mail(email="smtp", smtp_host="mail.example.com")
    return Settings(
        runtime=Runtime(env="production"),
        security=security,
        payments=payments,
        mail=mail,
        sms=Sms(sms_provider="none"),
    )


def test_refuses_the_development_key() -> None:
    with pytest.raises(ValueError, match="USHER_SECRET_KEYS"):
        production(Security(), Payments(providers="stripe"))


def test_refuses_the_development_key_as_an_older_one() -> None:
    ring = SecretStr(f"2:{'k' * 40},1:{DEVELOPMENT_KEY}")
    with pytest.raises(ValueError, match="USHER_SECRET_KEYS"):
        production(Security(secret_keys=ring), Payments(providers="stripe"))


@pytest.mark.parametrize("providers", ["sandbox", "stripe,sandbox", " sandbox , stripe"])
def test_refuses_the_sandbox(providers: str) -> None:
    with pytest.raises(ValueError, match="sandbox"):
        production(Security(secret_keys=OWN_KEY), Payments(providers=providers))


def test_refuses_mail_that_goes_nowhere() -> None:
    stripe, own = Payments(providers="stripe"), Security(secret_keys=OWN_KEY)
    with pytest.raises(ValueError, match="USHER_EMAIL"):
        Settings(runtime=Runtime(env="production"), security=own, payments=stripe)


def test_refuses_texts_that_go_nowhere() -> None:
    stripe, own = Payments(providers="stripe"), Security(secret_keys=OWN_KEY)
    mail = Mail(email="smtp", smtp_host="mail.example.com")
    with pytest.raises(ValueError, match="USHER_SMS_PROVIDER"):
        Settings(runtime=Runtime(env="production"), security=own, payments=stripe, mail=mail)


@pytest.mark.parametrize("missing", ["sms_from", "twilio_account_sid", "twilio_auth_token"])
def test_twilio_needs_an_account_and_a_number(missing: str) -> None:
    account: dict[str, Any] = {
        "sms_from": "+15005550006",
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr("t"),
    }
    with pytest.raises(ValidationError, match=f"USHER_{missing.upper()}"):
        Sms(sms_provider="twilio", **{name: value for name, value in account.items() if name != missing})
    assert "SecretStr('t')" not in repr(Sms(sms_provider="twilio", **account))


def test_smtp_needs_a_server() -> None:
    with pytest.raises(ValidationError, match="USHER_SMTP_HOST"):
        Mail(email="smtp")


def test_accepts_settings_of_its_own() -> None:
    settings = production(Security(secret_keys=OWN_KEY), Payments(providers="stripe"))
    assert settings.payments.enabled == ["stripe"]


@pytest.mark.parametrize("text", ["", "short", "1:short", "one:" + "k" * 40, "1:" + "k" * 40 + ",2:short"])
def test_refuses_a_key_ring_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="USHER_SECRET_KEYS"):
        KeyRing(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USHER_MAX_SEATS_PER_BOOKING", "0"),
        ("USHER_HOLD_MINUTES", "61"),
        ("USHER_BOOKINGS_PER_MINUTE", "many"),
    ],
)
def test_refuses_values_that_make_no_sense(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Sales()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_STRIPE_API_KEY", "sk_test_visible")
    assert "visible" not in f"{Payments()!r} {Security()!r}"
    assert DEVELOPMENT_KEY not in repr(Security())


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        setattr(Mongo(), "mongo_driver", "motor")  # noqa: B010 — the type checker refuses it otherwise.
