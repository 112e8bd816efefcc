"""Stripe's webhooks as notices: which object to read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.core.errors import Invalid
from app.payments.providers.base import Notice

SIGNATURE_HEADER = "Stripe-Signature"


def notice_of(body: bytes) -> Notice:
    """Only for a body whose signature holds."""
    try:
        event = json.loads(body)
        return Notice(
            external_id=_text(event["id"]),
            type=_text(event["type"]),
            ref=_ref(event["type"], event.get("data", {}).get("object", {})),
            account=event.get("account") or "",
            live=bool(event["livemode"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Invalid("The body is not an event of Stripe") from None


def _ref(event_type: str, subject: Mapping[str, Any]) -> str | None:
    """An intent that belongs to a session is named by itself; its metadata leads to our payment."""
    if event_type.startswith(("checkout.session.", "payment_intent.")):
        return _text(subject["id"])
    if event_type.startswith(("charge.", "refund.")):
        intent = subject.get("payment_intent")
        return _text(intent) if intent else None
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("expected text")
    return value
