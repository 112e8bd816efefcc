"""Stripe's objects as readings. Pure: dictionaries in, readings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from app.payments.providers.base import Reading, RefundReading
from app.payments.providers.stripe.currencies import from_stripe

Object = Mapping[str, Any]
State = Literal["open", "failed", "captured", "closed"]
_REFUND_STATES: Mapping[str, Literal["pending", "done", "failed"]] = {
    "succeeded": "done",
    "failed": "failed",
    "canceled": "failed",
}


def session_reading(session: Object, refunds: Sequence[Object], account: str) -> Reading:
    """``payment_intent`` must be expanded. It is absent until the buyer first tries to pay."""
    intent: Object | None = session.get("payment_intent")
    return _reading(session, _session_state(session, intent), intent, refunds, account)


def intent_reading(intent: Object, refunds: Sequence[Object], account: str) -> Reading:
    return _reading(intent, _intent_state(intent), intent, refunds, account)


def refund_reading(refund: Object) -> RefundReading:
    money = from_stripe(refund["amount"], refund["currency"])
    return RefundReading(
        refund_id=_metadata(refund).get("refund_id", ""),
        ref=refund["id"],
        amount=money.amount,
        state=_REFUND_STATES.get(refund["status"], "pending"),
    )


def _reading(
    source: Object, state: State, intent: Object | None, refunds: Sequence[Object], account: str
) -> Reading:
    captured = None
    if state == "captured" and intent is not None:
        captured = from_stripe(intent["amount_received"], intent["currency"])
    return Reading(
        ref=source["id"],
        payment_id=_metadata(source).get("payment_id", ""),
        state=state,
        captured=captured,
        account=account,
        live=bool(source["livemode"]),
        refunds=tuple(refund_reading(refund) for refund in refunds),
    )


def _session_state(session: Object, intent: Object | None) -> State:
    """A complete session that is not paid yet is still open: its money may come."""
    intent_state = _intent_state(intent) if intent is not None else "open"
    if intent_state == "captured":
        return "captured"
    if session["status"] == "expired":
        return "closed"
    # The intent of an open session may be cancelled and replaced; only the session says closed.
    if intent_state == "closed" and session["status"] == "open":
        return "open"
    return intent_state


def _intent_state(intent: Object) -> State:
    match intent["status"]:
        case "succeeded":
            return "captured"
        case "canceled":
            return "closed"
        case "requires_payment_method" if intent.get("last_payment_error"):
            return "failed"
        case _:
            return "open"


def _metadata(source: Object) -> Mapping[str, str]:
    return source.get("metadata") or {}
