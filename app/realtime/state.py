"""States as they are emitted: whole, and with a version by which clients keep the newer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

State = dict[str, Any]


def versioned(state: State) -> State:
    """A count has no version of its own; the time it was taken orders it as well."""
    if "version" in state or "as_of" not in state:
        return state
    as_of = state["as_of"]
    taken = as_of if isinstance(as_of, datetime) else datetime.fromisoformat(as_of)
    return state | {"version": int(taken.timestamp() * 1000)}
