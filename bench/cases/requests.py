"""The requests that cases have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.load import NUMBER_MARK, TOKEN_MARK, post

SIGNED_IN = {"Authorization": f"Bearer {TOKEN_MARK}"}
WITH_KEY = {**SIGNED_IN, "Idempotency-Key": f"bench-{NUMBER_MARK}"}


def booking(path: str, event: Mapping[str, Any], headers: Mapping[str, str] = SIGNED_IN) -> str:
    """One place of the first ticket type, for a customer who is signed in."""
    items = [{"ticket_type_id": event["ticket_types"][0]["id"], "quantity": 1}]
    return post(path, {"items": items, "provider": "sandbox"}, headers)


def guest_booking(path: str, event: Mapping[str, Any]) -> str:
    """The same for a guest, each with an address of their own."""
    items = [{"ticket_type_id": event["ticket_types"][0]["id"], "quantity": 1}]
    customer = {"name": "Ann", "email": f"ann{NUMBER_MARK}@example.com"}
    return post(path, {"items": items, "provider": "sandbox", "customer": customer})


def orders_path(event: Mapping[str, Any]) -> str:
    return f"/api/v1/events/{event['id']}/orders"
