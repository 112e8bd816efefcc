"""Deliveries: inbound webhooks as stored, each handled once however often it comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DeliveryStatus = Literal["received", "handled", "parked", "ignored"]
"""``received`` waits to be handled. ``parked`` was not ours or would not be handled, and waits for a
person. ``ignored`` is of a type that does not concern us."""
UNHANDLED: tuple[DeliveryStatus, ...] = ("received", "parked")


@dataclass(frozen=True, slots=True)
class Delivery:
    """``ref`` names the provider's object to read again; the body itself is believed in nothing."""

    id: str
    provider: str
    external_id: str
    type: str
    ref: str | None
    status: DeliveryStatus
    reason: str | None
    """Why it was parked."""
    tries: int
    last_error: str | None
    received_at: datetime
    handled_at: datetime | None
