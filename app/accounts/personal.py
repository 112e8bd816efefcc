"""What other domains keep about a person, as accounts ask for it: shown, exported, forgotten.

Calls go down, so accounts know none of these domains; ``bootstrap`` hands them in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of a person's timeline."""

    at: datetime
    kind: str
    id: str
    status: str
    title: str
    details: Mapping[str, Any]

    @property
    def order(self) -> str:
        """Sorts entries of all kinds: the part of an id that begins with its time."""
        return self.id.rpartition("_")[2]


class Records(Protocol):
    @property
    def kind(self) -> str:
        """What the export calls them."""
        ...

    async def moments(self, user_id: str, before: str, limit: int) -> Sequence[TimelineEntry]:
        """The newest first, from ``before`` (see ``TimelineEntry.order``; empty: from now) backwards."""
        ...

    async def export(self, user_id: str) -> Sequence[Mapping[str, Any]]:
        """All of it, as JSON."""
        ...

    async def forget(self, user_id: str) -> None:
        """Strikes the person out. Called again and again, in case something was written meanwhile."""
        ...
