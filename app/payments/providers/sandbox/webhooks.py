"""The sandbox's webhooks: how one looks, how it is signed, what it means to the receiver."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from app.core.clock import Clock
from app.core.errors import Invalid
from app.payments.providers.base import Notice
from app.payments.providers.sandbox.charges import ACCOUNT, EventType, HistoryEntry, LedgerCharge
from app.payments.providers.signature import check, header_of, sign

SIGNATURE_HEADER = "Usher-Sandbox-Signature"
_KNOWN_TYPES = frozenset(get_args(EventType))


@dataclass(frozen=True, slots=True)
class Webhook:
    event_id: str
    body: bytes


def webhooks_of(charge: LedgerCharge) -> list[Webhook]:
    """Everything the ledger ever had to tell about the charge, oldest first."""
    return [_webhook(charge, entry) for entry in charge.history if entry.event_type is not None]


def signed_headers(body: bytes, secret: str, clock: Clock) -> dict[str, str]:
    return {"Content-Type": "application/json", SIGNATURE_HEADER: sign(body, secret, clock.now())}


def verified_notice(headers: Mapping[str, str], body: bytes, secret: str, clock: Clock) -> Notice:
    check(header_of(headers, SIGNATURE_HEADER), body, secret, clock.now())
    try:
        event = json.loads(body)
        external_id, event_type = str(event["id"]), str(event["type"])
        ref = str(event["data"]["ref"]) if event_type in _KNOWN_TYPES else None
        return Notice(external_id, event_type, ref, account=str(event["account"]), live=bool(event["live"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Invalid("The body is not a webhook of the sandbox") from None


def _webhook(charge: LedgerCharge, entry: HistoryEntry) -> Webhook:
    event = {
        "id": entry.event_id,
        "type": entry.event_type,
        "created": int(entry.at.timestamp()),
        "account": ACCOUNT,
        "live": False,
        "data": {"ref": charge.ref, "payment_id": charge.payment_id, "state": entry.after},
    }
    return Webhook(entry.event_id, json.dumps(event, separators=(",", ":")).encode())
