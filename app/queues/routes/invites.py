"""/services/{id}/invite: the QR code on the staff's screen."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.accounts.deps import ServiceStaff
from app.core.web.strict_json import StrictRoute
from app.queues.deps import Inviting
from app.queues.schemas import InviteOut
from app.queues.service.invites import Picture

router = APIRouter(prefix="/services", tags=["lines"], route_class=StrictRoute)

_MEDIA: dict[Picture, str] = {"svg": "image/svg+xml", "png": "image/png"}


@router.get("/{service_id}/invite")
async def show_invite(service_id: str, response: Response, invites: Inviting, _: ServiceStaff) -> InviteOut:
    """The one to show now. There is a new one after each claim, and after a while."""
    shown = await invites.current(service_id)
    response.headers["Cache-Control"] = "no-store"
    return InviteOut(
        service_id=shown.service.id,
        slug=shown.service.slug,
        n=shown.n,
        invite=shown.text,
        url=shown.url,
        next_at=shown.next_at,
        expires_at=shown.expires_at,
    )


@router.get(
    "/{service_id}/invite.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}}
)
async def draw_invite_svg(service_id: str, invites: Inviting, _: ServiceStaff) -> Response:
    """The same as a QR code."""
    return await _picture(service_id, "svg", invites)


@router.get(
    "/{service_id}/invite.png", response_class=Response, responses={200: {"content": {"image/png": {}}}}
)
async def draw_invite_png(service_id: str, invites: Inviting, _: ServiceStaff) -> Response:
    """The same as a QR code."""
    return await _picture(service_id, "png", invites)


async def _picture(service_id: str, kind: Picture, invites: Inviting) -> Response:
    content = await invites.picture(service_id, kind)
    return Response(content, media_type=_MEDIA[kind], headers={"Cache-Control": "no-store"})
