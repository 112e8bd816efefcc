"""Profile photos over HTTP: what is kept, who sees it, what is refused."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from app.accounts.providers.photos.base import PhotoStore
from app.core.errors import Transient
from tests.accounts.identity.files import CAMERA, PLACE, attacks, encoded, photographed, picture
from tests.e2e.conftest import House, bearer

PATH = "/api/v1/me/photo"
SENT = (
    "empty",
    "SVG with script",
    "truncated JPEG",
    "50,000 x 50,000",
    "PNG of another length inside",
    "PNG and ZIP",
)


async def put(
    house: House, token: str, content: bytes, kind: str = "image/png", **more: str
) -> httpx.Response:
    headers = {**bearer(token), "Content-Type": kind, **more}
    return await house.client.put(PATH, content=content, headers=headers)


async def get(house: House, token: str, path: str = PATH, **headers: str) -> httpx.Response:
    return await house.client.get(path, headers={**bearer(token), **headers})


def shown(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


async def user_of(house: House, token: str) -> Any:
    known = (await get(house, token, "/api/v1/me")).json()
    return await house.services.engines.mongo.database["users"].find_one({"_id": known["id"]})


def files(house: House) -> list[Path]:
    root = Path(house.services.engines.settings.photos.photo_directory)
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture("PNG"), "image/png"),
        (picture("PNG", mode="L"), "image/png"),
        (picture("PNG", mode="P"), "image/png"),
        (picture("PNG", mode="1"), "image/png"),
        (picture("PNG", mode="RGBA"), "image/png"),
        (encoded(Image.new("I;16", (300, 200), 30_000), "PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("JPEG", mode="L"), "image/jpeg"),
        (picture("JPEG", mode="CMYK"), "image/jpeg; name=x"),
        (picture("JPEG", progressive=True), "image/jpeg"),
        (picture("WEBP"), "IMAGE/WEBP"),
        (picture("WEBP", lossless=True), "image/webp"),
        (picture("PNG"), "image/jpeg"),
    ],
)
async def test_what_is_a_picture_by_its_content_is_taken(house: House, content: bytes, kind: str) -> None:
    token = await house.token("customer")
    answer = await put(house, token, content, kind)
    assert answer.status_code == 200, answer.text
    user = answer.json()
    assert user["photo_url"] == f"/api/v1/users/{user['id']}/photo"
    image = shown(await get(house, token, user["photo_url"]))
    assert (image.format, image.size) == ("WEBP", (300, 200))


async def test_it_is_small_upright_and_tells_nothing(house: House) -> None:
    token = await house.token("customer")
    original = photographed()
    assert CAMERA.encode() in original
    await put(house, token, original, "image/jpeg")
    answer = await get(house, token)
    image = shown(answer)
    assert image.size == (200, 400), "turned as its camera said"
    pixels = image.convert("RGB")
    assert pixels.getpixel((100, 50))[2] > 200, "what was on the left is at the top"  # type: ignore[index]
    assert not image.getexif()
    assert "icc_profile" not in image.info
    for told in (CAMERA, PLACE):
        assert told.encode() not in answer.content
    await put(house, token, picture("JPEG", (2000, 1000)), "image/jpeg")
    assert shown(await get(house, token)).size == (512, 256)


async def test_it_is_served_as_nothing_but_a_picture(house: House) -> None:
    token = await house.token("customer")
    await put(house, token, picture())
    answer = await get(house, token)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"
    known = await get(house, token, **{"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    await put(house, token, picture())
    assert (await get(house, token, **{"If-None-Match": answer.headers["etag"]})).status_code == 200


async def test_attacks_are_refused_and_change_nothing(house: House) -> None:
    """One of each reason, and those that a decoder would have to survive; ``test_pictures`` has them all."""
    token = await house.token("customer")
    await put(house, token, picture())
    before, kept = await user_of(house, token), files(house)
    attack = attacks()
    for what in SENT:
        content, reason = attack[what]
        answer = await put(house, token, content)
        assert (answer.status_code, answer.json().get("reason")) == (422, reason), what
    assert await user_of(house, token) == before
    assert files(house) == kept


@pytest.mark.parametrize("kind", ["", "application/json", "image/svg+xml", "text/html", "image/*", "x"])
async def test_other_media_types_are_refused(house: House, kind: str) -> None:
    token = await house.token("customer")
    answer = await put(house, token, picture(), kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_too_large_is_refused_announced_or_not(house: House) -> None:
    token = await house.token("customer")

    async def endless() -> Any:
        for _ in range(20 * 16):
            yield b"\x89PNG" * 16_384

    announced = await put(house, token, b"\x89" * 20_000_000)
    assert announced.status_code == 413
    headers = {**bearer(token), "Content-Type": "image/png"}
    counted = await house.client.put(PATH, content=endless(), headers=headers)
    assert counted.status_code == 413
    assert counted.headers["content-type"] == "application/problem+json"


async def test_others_see_none_and_cannot_tell(house: House) -> None:
    owner, stranger = await house.token("customer"), await house.token("customer")
    url = (await put(house, owner, picture())).json()["photo_url"]
    foreign = await get(house, stranger, url)
    absent = await get(house, stranger, "/api/v1/users/usr_01ARZ3NDEKTSV4RRFFQ69G5FAV/photo")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json() | {"request_id": ""} == absent.json() | {"request_id": ""}
    assert (await house.client.get(url)).status_code == 401
    assert (await get(house, await house.token("staff"), url)).status_code == 404
    assert shown(await get(house, await house.token("admin"), url)).size == (300, 200)


async def test_a_new_one_replaces_the_file_and_removing_leaves_none(house: House) -> None:
    token = await house.token("customer")
    before = len(files(house))
    for _ in range(3):
        assert (await put(house, token, picture())).status_code == 200
        assert len(files(house)) == before + 1
    gone = await house.client.delete(PATH, headers=bearer(token))
    assert (gone.status_code, gone.json()["photo_url"]) == (200, None)
    assert len(files(house)) == before
    assert (await user_of(house, token))["discarded"] == []
    assert (await get(house, token)).status_code == 404
    assert (await house.client.delete(PATH, headers=bearer(token))).json() == gone.json()


async def test_a_repeated_upload_is_one(house: House) -> None:
    token, content = await house.token("customer"), picture()
    first = await put(house, token, content, **{"Idempotency-Key": "p1"})
    again = await put(house, token, content, **{"Idempotency-Key": "p1"})
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await put(house, token, picture(), **{"Idempotency-Key": "p1"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_ten_uploads_at_once_leave_one_file(house: House) -> None:
    token = await house.token("customer")
    before = len(files(house))
    answers = await asyncio.gather(*(put(house, token, picture(size=(30, 20))) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(files(house)) == before + 1
    assert (await user_of(house, token))["version"] == 11


async def test_twenty_a_minute_are_enough_for_anybody(house: House) -> None:
    token = await house.token("customer")
    answers = [await put(house, token, b"no picture") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    assert answers[-1].headers["retry-after"]


async def test_a_store_that_is_away_changes_nothing_and_the_sweep_cleans_up(house: House) -> None:
    token = await house.token("customer")
    await put(house, token, picture())
    photos, before = house.services.accounts.identities.photos, await user_of(house, token)
    real = house.services.accounts.identities.store
    photos._store = Away(real)
    try:
        answer = await put(house, token, picture())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    finally:
        photos._store = real
    after = await user_of(house, token)
    assert (after["photo"], after["version"]) == (before["photo"], before["version"])
    assert len(after["discarded"]) == 1, "the file may be there, so it is to be deleted"
    lost = files(house)
    await make_due(house, after["_id"])
    assert await photos.sweep() >= 1
    assert len(files(house)) == len(lost) - 1
    assert shown(await get(house, token)).size == (300, 200)
    assert (await user_of(house, token))["discarded"] == []


class Away:
    """Writes, and then does not answer."""

    def __init__(self, store: PhotoStore) -> None:
        self._store = store

    async def put(self, key: str, photo: bytes) -> None:
        await self._store.put(key, photo)
        raise Transient("away", retry_after=10)

    async def get(self, key: str) -> bytes | None:
        raise Transient("away", retry_after=10)

    async def delete(self, key: str) -> None:
        raise Transient("away", retry_after=10)


async def make_due(house: House, user_id: str) -> None:
    users, now = house.services.engines.mongo.database["users"], house.services.engines.clock.now()
    await users.update_one({"_id": user_id}, {"$set": {"discarded.$[].at": now}})
