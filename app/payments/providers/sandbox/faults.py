"""What the sandbox can be told to do wrong, so that callers learn to live with real providers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Faults(BaseModel):
    """All off by default. Set for one charge, or for every process that shares the ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decline: bool = False
    """Every attempt to pay is declined."""
    mismatch: int = Field(default=0, ge=-(10**9), le=10**9)
    """Added to the amount that is captured."""
    captures_when_closed: bool = False
    """A closed charge can be paid all the same: the provider breaks its promise, money comes late."""
    unavailable: bool = False
    """Every call fails before anything is done."""
    timeout_after_success: bool = False
    """``open`` and ``refund`` take effect, but their first caller does not learn it."""
    slow_seconds: float = Field(default=0, ge=0, le=60)
    """Every call answers this much later."""
    delay_seconds: float = Field(default=0, ge=0, le=3600)
    """Webhooks leave this much later."""
    duplicate: int = Field(default=0, ge=0, le=100)
    """Extra copies of each webhook."""
    shuffle: bool = False
    """Webhooks leave in random order."""
    lose: float = Field(default=0, ge=0, le=1)
    """The share of webhooks that never leave."""
