"""Profile photos. Personal data, so there is no public address: their owner sees them, and admins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from starlette.requests import ClientDisconnect

from app.accounts.deps import Photos, SignedIn
from app.accounts.errors import NoPhotoType, UploadCutOff
from app.accounts.routes.answers import mark, unpack
from app.accounts.schemas import UserOut
from app.accounts.service.photos import PhotoFile
from app.core.errors import NotFound
from app.core.idempotency import IdempotencyKey
from app.core.web.strict_json import StrictRoute

router = APIRouter(tags=["accounts"], route_class=StrictRoute)

MEDIA = ("image/png", "image/jpeg", "image/webp")
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA},
    }
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The photo, at most 512 pixels high and wide",
        "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "Still the one with this ETag"},
}
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]


@router.put("/me/photo", openapi_extra=_BODY)
async def put_photo(
    request: Request, response: Response, caller: SignedIn, photos: Photos, key: IdempotencyKey = None
) -> UserOut:
    """The picture is the body. PNG, JPEG or WebP by its content; what is kept is drawn anew from its pixels,
    without position, camera or anything else that stood in the file."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in MEDIA:
        raise NoPhotoType
    done, window = await photos.put(str(caller.user_id), _body(request), key)
    mark(response, replayed=done.replayed, window=window)
    return UserOut.of(done.value)


@router.delete("/me/photo")
async def delete_photo(
    response: Response, caller: SignedIn, photos: Photos, key: IdempotencyKey = None
) -> UserOut:
    return UserOut.of(unpack(response, await photos.remove(str(caller.user_id), key)))


@router.get("/me/photo", response_class=Response, responses=_ANSWER)
async def show_own_photo(caller: SignedIn, photos: Photos, if_none_match: IfNoneMatch = None) -> Response:
    return _answer(await photos.show(str(caller.user_id)), if_none_match)


@router.get("/users/{id}/photo", response_class=Response, responses=_ANSWER)
async def show_photo(
    id: str, caller: SignedIn, photos: Photos, if_none_match: IfNoneMatch = None
) -> Response:
    """One's own; admins see everybody's. For others there is none."""
    if id != caller.user_id and caller.role != "admin":
        raise NotFound
    return _answer(await photos.show(id), if_none_match)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise UploadCutOff from error


def _answer(photo: PhotoFile, known: str | None) -> Response:
    tag = f'"{photo.tag}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Content-Disposition": 'inline; filename="photo.webp"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if known is not None and tag in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(photo.content, media_type=photo.media_type, headers=headers)
