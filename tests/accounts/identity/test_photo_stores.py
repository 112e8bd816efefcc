"""What every photo store promises. The bucket speaks to moto's S3 server, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from app.accounts.providers.photos.base import PhotoStore
from app.accounts.providers.photos.directory import PhotoDirectory
from app.accounts.providers.photos.s3 import PhotoBucket
from app.core.errors import Transient

KEY = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV/chg_01ARZ3NDEKTSV4RRFFQ69G5FAV.webp"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    httpx.put(f"{url}/photos")  # Makes the bucket; moto asks for no signature.
    yield url
    server.stop()


def bucket(url: str, name: str = "photos") -> PhotoBucket:
    return PhotoBucket(name, region="us-east-1", endpoint=url, access_key="key", secret_key="secret")


@pytest.fixture(params=["directory", "bucket"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PhotoStore]:
    if request.param == "directory":
        yield PhotoDirectory(tmp_path / "not" / "there" / "yet")
    else:
        yield bucket(request.getfixturevalue("s3"))


async def test_what_was_put_is_got_until_it_is_deleted(store: PhotoStore) -> None:
    assert await store.get(KEY) is None
    await store.put(KEY, b"one")
    assert await store.get(KEY) == b"one"
    await store.put(KEY, b"two" * 100_000)
    assert await store.get(KEY) == b"two" * 100_000
    await store.delete(KEY)
    assert await store.get(KEY) is None


async def test_deleting_what_is_absent_is_no_error(store: PhotoStore) -> None:
    await store.delete(KEY)
    await store.delete(KEY)


async def test_fifty_at_once(store: PhotoStore) -> None:
    keys = [KEY.replace("chg_", f"chg_{number}") for number in range(50)]
    await asyncio.gather(*(store.put(key, key.encode()) for key in keys))
    assert await asyncio.gather(*(store.get(key) for key in keys)) == [key.encode() for key in keys]
    await asyncio.gather(*(store.delete(key) for key in keys))


async def test_a_store_that_is_away_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    for away in (PhotoDirectory(blocked / "photos"), bucket(NOWHERE)):
        with pytest.raises(Transient):
            await away.put(KEY, b"x")


async def test_a_bucket_that_is_not_there_says_so(s3: str) -> None:
    absent = bucket(s3, "absent")
    with pytest.raises(Transient):
        await absent.put(KEY, b"x")


async def test_no_key_leads_out_of_the_directory(tmp_path: Path) -> None:
    store = PhotoDirectory(tmp_path / "photos")
    for key in ("../x.webp", "a/../../x.webp", "/etc/passwd", "a/b/c.webp", "a/b.webp\0", "a/b", ""):
        for act in (store.get(key), store.put(key, b"x"), store.delete(key)):
            with pytest.raises(ValueError, match="not a key"):
                await act


async def test_files_are_for_us_alone(tmp_path: Path) -> None:
    await PhotoDirectory(tmp_path / "photos").put(KEY, b"x")
    found = [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]
    assert [oct(path.stat().st_mode & 0o777) for path in found] == ["0o600"]
