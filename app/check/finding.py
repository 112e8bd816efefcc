"""What a rule finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``id`` names what is broken, so that the second look recognises it.

    ``grave``: an invariant is broken. Otherwise it is something to look at that heals by itself or
    promises nothing to anybody.
    """

    rule: str
    id: str
    detail: str
    grave: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.id

    def as_dict(self) -> dict[str, str]:
        return {"rule": self.rule, "id": self.id, "detail": self.detail}
