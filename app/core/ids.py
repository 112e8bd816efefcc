"""Ids: a prefix that names the kind, then a ULID. An id is never a secret."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from ulid import ULID

_ID = re.compile(r"[a-z]{2,4}_[0-9A-HJKMNP-TV-Z]{26}")
_LETTERS = "BCDFGHJKMNPQRSTVWXYZ"  # No vowels, so no words; no I, L or O, so no look-alikes.


def new_id(prefix: str) -> str:
    return f"{prefix}_{ULID()}"


def derived_id(prefix: str, *parts: str | int) -> str:
    """The same parts give the same id, so that a repeated step finds its own first success.

    The first part must be an id: its time half is kept, so that derived ids sort like it.
    """
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    origin = ULID.from_str(str(parts[0]).rpartition("_")[2])
    return f"{prefix}_{ULID(origin.bytes[:6] + digest[:10])}"


def timed_id(prefix: str, at: datetime, *parts: str | int) -> str:
    """As ``derived_id``, but sorted by ``at``."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return f"{prefix}_{ULID(_milliseconds(at) + digest[:10])}"


def first_id(prefix: str, at: datetime) -> str:
    """No id made at ``at`` or later is smaller."""
    return f"{prefix}_{ULID(_milliseconds(at) + bytes(10))}"


def _milliseconds(at: datetime) -> bytes:
    return int(at.timestamp() * 1000).to_bytes(6)


def is_id(text: str, prefix: str) -> bool:
    return text.startswith(f"{prefix}_") and _ID.fullmatch(text) is not None


def booking_code(order_id: str) -> str:
    """Eight letters to read out at a counter. Derived from the id; not a secret."""
    number = int.from_bytes(hashlib.sha256(f"code|{order_id}".encode()).digest()[:8])
    letters = []
    for _ in range(8):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(letters)
