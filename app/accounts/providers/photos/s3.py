"""Photos in a bucket of S3 or of whatever speaks its language."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.core.errors import Transient

if TYPE_CHECKING:
    from obstore.store import S3Config  # Exists for type checkers only.

_SECONDS = timedelta(seconds=10)
_ATTRIBUTES = {"Content-Type": "image/webp", "Cache-Control": "private"}


class PhotoBucket:
    def __init__(
        self, bucket: str, *, region: str, endpoint: str = "", access_key: str = "", secret_key: str = ""
    ) -> None:
        """Without an access key the machine's own role is asked. An ``http://`` endpoint is for tests."""
        config: S3Config = {"region": region}
        if access_key:
            config |= {"access_key_id": access_key, "secret_access_key": secret_key}
        if endpoint:
            config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        self._store = S3Store(
            bucket,
            config=config,
            client_options={
                "timeout": _SECONDS,
                "connect_timeout": _SECONDS,
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 2, "retry_timeout": _SECONDS},
        )

    async def put(self, key: str, photo: bytes) -> None:
        try:
            await self._store.put_async(key, photo, attributes=_ATTRIBUTES)
        except (BaseError, FileNotFoundError) as error:  # What is not found here is the bucket.
            raise _away() from error

    async def get(self, key: str) -> bytes | None:
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _away() from error

    async def delete(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise _away() from error


def _away() -> Transient:
    """Without the store's own words, which quote addresses and keys."""
    return Transient("the photo store is away", retry_after=10)
