"""Limits per customer: slots under a unique index, ``{hash of the email}/{slot}``, one for each place.

Two orders of one customer cannot hold one slot, so a race of any width ends at the limit.
"""

from __future__ import annotations

import random


class Slots:
    """Slots still worth trying. Random choice keeps a customer's own parallel orders apart."""

    def __init__(self, email_hash: str, limit: int | None) -> None:
        self._hash = email_hash
        self._open = list(range(limit)) if limit is not None else None
        if self._open is not None:
            random.shuffle(self._open)

    def choose(self, quantity: int) -> tuple[str, ...] | None:
        """Slots to write into an order of ``quantity`` places; None when too few are left."""
        if self._open is None:
            return ()
        if len(self._open) < quantity:
            return None
        return tuple(f"{self._hash}/{slot}" for slot in self._open[:quantity])

    def strike(self, slot: str) -> None:
        """The index said that this one is taken."""
        assert self._open is not None
        self._open.remove(int(slot.rpartition("/")[2]))
