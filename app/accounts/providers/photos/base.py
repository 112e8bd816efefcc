"""Where photos are kept: small files by key, written once."""

from __future__ import annotations

from typing import Protocol


class PhotoStore(Protocol):
    """Raises Transient when it is away."""

    async def put(self, key: str, photo: bytes) -> None:
        """Durable when it returns. Repeating it changes nothing."""
        ...

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, key: str) -> None:
        """What is absent already is no error."""
        ...
