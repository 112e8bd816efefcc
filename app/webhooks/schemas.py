"""What a provider is answered."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class ReceivedOut(BaseModel):
    """Durably stored: the provider need not send it again."""

    received: Literal[True] = True
