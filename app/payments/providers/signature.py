"""Signatures of the form ``t=<unix>,v1=<hex>``: HMAC-SHA256 over ``{t}.{raw body}``.

Stripe and the sandbox sign alike. Stripe's own check accepts a time-stamp from the future and reads the
machine's clock, so both share this one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from app.payments.providers.base import Unverified

TOLERANCE_SECONDS = 300
_LONGEST_HEADER = 4096
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def header_of(headers: Mapping[str, str], name: str) -> str:
    """The header whatever its case; empty when it is absent."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def sign(body: bytes, secret: str, at: datetime) -> str:
    timestamp = int(at.timestamp())
    return f"t={timestamp},v1={_digest(body, secret, timestamp)}"


def check(value: str, body: bytes, secret: str, now: datetime) -> None:
    """Raises ``Unverified`` unless one of the signatures is ours and the time-stamp is near ``now``."""
    timestamp, signatures = _parse(value)
    expected = _digest(body, secret, timestamp).encode()
    # Every signature is compared, so the time taken does not tell which one was near.
    matches = [hmac.compare_digest(expected, given.encode()) for given in signatures]
    if not any(matches):
        raise Unverified("No signature matches the body")
    if abs(now.timestamp() - timestamp) > TOLERANCE_SECONDS:
        raise Unverified("The time-stamp is too far from now")


def _parse(value: str) -> tuple[int, list[str]]:
    if not value or len(value) > _LONGEST_HEADER:
        raise Unverified("No signature was given")
    pairs = [item.strip().partition("=") for item in value.split(",")]
    timestamps = [text for key, _, text in pairs if key == "t"]
    signatures = [text for key, _, text in pairs if key == "v1"]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]) or not signatures:
        raise Unverified("The signature header is garbled")
    return int(timestamps[0]), signatures


def _digest(body: bytes, secret: str, timestamp: int) -> str:
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
