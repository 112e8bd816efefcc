"""Whose orders these are: the account's own, and those booked as a guest under its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.mongo import Document


@dataclass(frozen=True, slots=True)
class Person:
    """Whose orders are meant: those of an account, and a guest's up to ``until`` where it was erased then."""

    owner: str
    guest: str | None = None
    until: datetime | None = None

    @property
    def orders(self) -> list[Document]:
        """Alternatives, each with an index of its own."""
        if self.guest is None:
            return [{"owner": self.owner}]
        as_guest: Document = {"caller": self.guest}
        if self.until is not None:
            as_guest["created_at"] = {"$lte": self.until}
        return [{"owner": self.owner}, as_guest]
